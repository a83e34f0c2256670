using System.ComponentModel.DataAnnotations;

namespace VizPipeline.Catalog;

/// <summary>
/// Settings of the catalog in PostgreSQL: section <c>Postgres</c>, or environment variables <c>Postgres__Host</c> and so on.
/// </summary>
public sealed class PostgresOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Postgres";

    /// <summary>Host name or address of the server, or the folder of its socket.</summary>
    [Required(ErrorMessage = "Postgres:Host is missing")]
    public string Host { get; set; } = "";

    /// <summary>The port.</summary>
    /// <value>5432</value>
    [Range(1, 65535, ErrorMessage = "Postgres:Port must be from 1 to 65535")]
    public int Port { get; set; } = 5432;

    /// <summary>The database, which must exist.</summary>
    [Required(ErrorMessage = "Postgres:Database is missing")]
    public string Database { get; set; } = "";

    /// <summary>The role. docs/sql.md lists the rights that it needs.</summary>
    [Required(ErrorMessage = "Postgres:User is missing")]
    public string User { get; set; } = "";

    /// <summary>The password; only from the environment or a mounted secret. Null if the server requires none.</summary>
    public string? Password { get; set; }

    /// <summary>Whether to use TLS, and how to verify the server's certificate.</summary>
    /// <value><see cref="PostgresTls.Prefer"/></value>
    [EnumDataType(typeof(PostgresTls), ErrorMessage = "Postgres:Tls must be Disable, Prefer, Require, VerifyCa or VerifyFull")]
    public PostgresTls Tls { get; set; } = PostgresTls.Prefer;

    /// <summary>A PEM file of the authority that signed the server's certificate; null to use the system's authorities.</summary>
    public string? CaFile { get; set; }

    /// <summary>Maximum number of connections of this process.</summary>
    /// <value>20: a coordinator needs about 5, a web server one per concurrent query</value>
    [Range(3, 1000, ErrorMessage = "Postgres:Connections must be from 3 to 1000")]
    public int Connections { get; set; } = 20;
}

/// <summary>TLS modes of a connection to PostgreSQL.</summary>
public enum PostgresTls
{
    /// <summary>No TLS.</summary>
    Disable,

    /// <summary>Use TLS if the server offers it; accept any certificate.</summary>
    Prefer,

    /// <summary>Require TLS; accept any certificate.</summary>
    Require,

    /// <summary>Require a certificate from a trusted authority.</summary>
    VerifyCa,

    /// <summary>Require a certificate from a trusted authority that names the host.</summary>
    VerifyFull,
}
