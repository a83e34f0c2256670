using System.ComponentModel.DataAnnotations;

namespace VizPipeline.ObjectStore;

/// <summary>
/// Settings of an S3 server: section <c>ObjectStore</c>, or environment variables <c>ObjectStore__Endpoint</c> and so on.
/// </summary>
public sealed class S3Options
{
    /// <summary>The section's name.</summary>
    public const string Section = "ObjectStore";

    /// <summary>The server's address, e.g. <c>https://s3.example.org</c> or <c>http://seaweedfs:8333</c>.</summary>
    [Required(ErrorMessage = "ObjectStore:Endpoint is missing")]
    [CustomValidation(typeof(S3Options), nameof(CheckEndpoint))]
    public string Endpoint { get; set; } = "";

    /// <summary>The bucket; created if it is missing.</summary>
    [Required(ErrorMessage = "ObjectStore:Bucket is missing")]
    [RegularExpression(
        "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", ErrorMessage = "ObjectStore:Bucket must be 3 to 63 characters of a-z, 0-9, '.' and '-'")]
    public string Bucket { get; set; } = "";

    /// <summary>The region for which requests are signed.</summary>
    /// <value>us-east-1, which servers other than Amazon's accept for any region</value>
    [Required(ErrorMessage = "ObjectStore:Region is empty")]
    public string Region { get; set; } = "us-east-1";

    /// <summary>The access key; only from the environment or a mounted secret.</summary>
    [Required(ErrorMessage = "ObjectStore:AccessKey is missing (environment variable ObjectStore__AccessKey, "
        + "or a file of that name in the secrets folder)")]
    public string AccessKey { get; set; } = "";

    /// <summary>The secret key; only from the environment or a mounted secret.</summary>
    [Required(ErrorMessage = "ObjectStore:SecretKey is missing (environment variable ObjectStore__SecretKey, "
        + "or a file of that name in the secrets folder)")]
    public string SecretKey { get; set; } = "";

    /// <summary>A PEM file of the authority that signed the server's certificate; null to use the system's authorities.</summary>
    public string? CaFile { get; set; }

    /// <summary>How long a call is retried while the server is unavailable, in seconds.</summary>
    /// <value>120</value>
    [Range(0, 86_400, ErrorMessage = "ObjectStore:PatienceSeconds must be from 0 to 86400")]
    public int PatienceSeconds { get; set; } = 120;

    /// <summary>How long a connection may receive nothing before it is closed.</summary>
    internal TimeSpan LongestSilence { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Validates that the endpoint consists of server and port, and contains nothing that a message must not show.</summary>
    public static ValidationResult? CheckEndpoint(string? endpoint)
        => Uri.TryCreate(endpoint, UriKind.Absolute, out var uri)
            && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
            && uri is { UserInfo: "", PathAndQuery: "/", Fragment: "" }
            ? ValidationResult.Success
            : new ValidationResult(
                "ObjectStore:Endpoint must be an address like https://s3.example.org or http://host:8333", [nameof(Endpoint)]);
}
