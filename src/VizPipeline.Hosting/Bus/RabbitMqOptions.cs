using System.ComponentModel.DataAnnotations;

namespace VizPipeline.Hosting;

/// <summary>
/// Settings of the RabbitMQ connection. Section <c>RabbitMq</c>; as environment variables <c>RabbitMq__Host</c> and so on.
/// </summary>
public sealed class RabbitMqOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "RabbitMq";

    /// <summary>The name or address of the broker.</summary>
    [Required(ErrorMessage = "RabbitMq:Host is missing")]
    public string Host { get; set; } = "";

    /// <summary>The AMQP port.</summary>
    /// <value>5672, and 5671 with TLS</value>
    [Range(1, 65535, ErrorMessage = "RabbitMq:Port must be from 1 to 65535")]
    public int? Port { get; set; }

    /// <summary>The virtual host.</summary>
    [Required(ErrorMessage = "RabbitMq:VirtualHost is missing")]
    public string VirtualHost { get; set; } = "/";

    /// <summary>The port in effect.</summary>
    internal int EffectivePort => Port ?? (Tls ? 5671 : 5672);

    /// <summary>The user. See docs/cluster.md for the permissions that it needs.</summary>
    [Required(ErrorMessage = "RabbitMq:User is missing")]
    public string User { get; set; } = "";

    /// <summary>The password. Set it only through the environment or a mounted secret.</summary>
    [Required(ErrorMessage = "RabbitMq:Password is missing (environment variable RabbitMq__Password, "
        + "or a file of that name in the secrets folder)")]
    public string Password { get; set; } = "";

    /// <summary>Whether to use TLS.</summary>
    public bool Tls { get; set; }

    /// <summary>A PEM file of the authority that signed the broker's certificate; null for the system's authorities.</summary>
    public string? CaFile { get; set; }
}
