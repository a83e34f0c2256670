using System.ComponentModel.DataAnnotations;
using System.Net;

namespace VizPipeline.Hosting;

/// <summary>Settings of a service's web server. Section <c>Http</c>.</summary>
public sealed class HttpOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Http";

    /// <summary>The port; 0 for any free port, which is logged.</summary>
    [Range(0, 65535, ErrorMessage = "Http:Port must be from 0 to 65535")]
    public int Port { get; set; }

    /// <summary>The address to listen on.</summary>
    /// <value>all addresses of the machine</value>
    [CustomValidation(typeof(HttpOptions), nameof(CheckAddress))]
    public string Address { get; set; } = "0.0.0.0";

    /// <summary>
    /// Keys for making changes. A caller must send one of them as <c>X-Api-Key</c> or <c>Authorization: Bearer</c>. Several are allowed, so
    /// that a new key can be distributed before the old one is removed. Set them only through the environment or a mounted secret.
    /// </summary>
    public IList<string> ApiKeys { get; init; } = [];

    /// <summary>
    /// Keys that grant read access only, for users who view atlases where reading is not open. Set them like <see cref="ApiKeys"/>.
    /// </summary>
    public IList<string> ReadKeys { get; init; } = [];

    /// <summary>
    /// Whether a trusted proxy is in front of the service. The client's address and the use of TLS are then taken from the last proxy's
    /// <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c>. Without a proxy, any client could forge these headers.
    /// </summary>
    /// <value>false</value>
    public bool BehindProxy { get; set; }

    /// <summary>Whether reading needs no key. Health and metrics are always open.</summary>
    /// <value>true</value>
    public bool OpenReading { get; set; } = true;

    /// <summary>Validates an address without resolving names.</summary>
    public static ValidationResult? CheckAddress(string? address)
        => IPAddress.TryParse(address, out _) ? ValidationResult.Success : new ValidationResult(
            "Http:Address must be an IP address like 0.0.0.0 or ::1", [nameof(Address)]);
}
