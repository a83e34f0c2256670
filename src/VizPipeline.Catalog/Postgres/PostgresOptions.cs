using System.ComponentModel.DataAnnotations;

namespace VizPipeline.Catalog;

/// <summary>How to reach the catalog in PostgreSQL. Section <c>Postgres</c>; as environment variables <c>Postgres__Host</c> and so on.</summary>
public sealed class PostgresOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Postgres";

    /// <summary>Name or address of the server, or the folder of its socket.</summary>
    [Required(ErrorMessage = "Postgres:Host is missing")]
    public string Host { get; set; } = "";

    /// <summary>The port.</summary>
    /// <value>5432</value>
    [Range(1, 65535, ErrorMessage = "Postgres:Port must be from 1 to 65535")]
    public int Port { get; set; } = 5432;

    /// <summary>The database, which must exist.</summary>
    [Required(ErrorMessage = "Postgres:Database is missing")]
    public string Database { get; set; } = "";

    /// <summary>The role. docs/sql.md says what it must be allowed.</summary>
    [Required(ErrorMessage = "Postgres:User is missing")]
    public string User { get; set; } = "";

    /// <summary>The password; from the environment or a mounted secret only. Null where the server asks for none.</summary>
    public string? Password { get; set; }

    /// <summary>Whether to use TLS, and what to ask of the server's certificate.</summary>
    /// <value><see cref="PostgresTls.Prefer"/></value>
    [EnumDataType(typeof(PostgresTls), ErrorMessage = "Postgres:Tls must be Disable, Prefer, Require, VerifyCa or VerifyFull")]
    public PostgresTls Tls { get; set; } = PostgresTls.Prefer;

    /// <summary>A PEM file of the authority that signed the server's certificate; null for the system's authorities.</summary>
    public string? CaFile { get; set; }

    /// <summary>Connections that this process may hold at a time.</summary>
    /// <value>20: a coordinator needs about 5, a web server one per query that runs</value>
    [Range(3, 1000, ErrorMessage = "Postgres:Connections must be from 3 to 1000")]
    public int Connections { get; set; } = 20;
}

/// <summary>What a connection to PostgreSQL asks of TLS.</summary>
public enum PostgresTls
{
    /// <summary>None.</summary>
    Disable,

    /// <summary>Use it where the server offers it, whatever its certificate.</summary>
    Prefer,

    /// <summary>Insist on it, whatever the certificate.</summary>
    Require,

    /// <summary>Insist on a certificate of a known authority.</summary>
    VerifyCa,

    /// <summary>Insist on that, and on the host's name in it.</summary>
    VerifyFull,
}
