using Npgsql;

namespace VizPipeline.Catalog;

/// <summary>From options to what the driver reads.</summary>
internal static class PostgresConnection
{
    public static string String(PostgresOptions options) => new NpgsqlConnectionStringBuilder
    {
        Host = options.Host,
        Port = options.Port,
        Database = options.Database,
        Username = options.User,
        Password = options.Password,
        SslMode = options.Tls switch
        {
            PostgresTls.Disable => SslMode.Disable,
            PostgresTls.Prefer => SslMode.Prefer,
            PostgresTls.Require => SslMode.Require,
            PostgresTls.VerifyCa => SslMode.VerifyCA,
            _ => SslMode.VerifyFull,
        },
        RootCertificate = options.CaFile,
        // Kerberos would be looked for in libraries of the system that containers lack.
        GssEncryptionMode = GssEncryptionMode.Disable,
        ApplicationName = "VizPipeline",
        Timeout = 10,
        CommandTimeout = 60,
        // Finds out about a server that is gone without a word, and keeps firewalls from forgetting idle connections.
        KeepAlive = 30,
        MaxPoolSize = options.Connections,
    }.ToString();
}
