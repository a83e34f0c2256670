using System.ComponentModel.DataAnnotations;
using System.Net;

namespace VizPipeline.Hosting;

/// <summary>A service's own web server. Section <c>Http</c>.</summary>
public sealed class HttpOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Http";

    /// <summary>The port; 0 for any free one, which the log tells.</summary>
    [Range(0, 65535, ErrorMessage = "Http:Port must be from 0 to 65535")]
    public int Port { get; set; }

    /// <summary>The address to listen on.</summary>
    /// <value>all of the machine's</value>
    [CustomValidation(typeof(HttpOptions), nameof(CheckAddress))]
    public string Address { get; set; } = "0.0.0.0";

    /// <summary>
    /// Keys of which a caller must show one (<c>X-Api-Key</c> or <c>Authorization: Bearer</c>) to change anything: several, so that a new
    /// one can be given out before the old one goes. From the environment or a mounted secret only.
    /// </summary>
    public IList<string> ApiKeys { get; init; } = [];

    /// <summary>Keys that open reading, where it is closed, and nothing else: for people who look at atlases. As <see cref="ApiKeys"/> otherwise.</summary>
    public IList<string> ReadKeys { get; init; } = [];

    /// <summary>
    /// Whether a proxy that is trusted stands before the service: who asks, and whether over TLS, is then what the last proxy says in
    /// <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c>. Anybody could write these headers where there is none.
    /// </summary>
    /// <value>false</value>
    public bool BehindProxy { get; set; }

    /// <summary>Whether everybody may read. Health and metrics are always open.</summary>
    /// <value>true</value>
    public bool OpenReading { get; set; } = true;

    /// <summary>Names are not looked up.</summary>
    public static ValidationResult? CheckAddress(string? address)
        => IPAddress.TryParse(address, out _) ? ValidationResult.Success : new ValidationResult("Http:Address must be an IP address like 0.0.0.0 or ::1", [nameof(Address)]);
}
