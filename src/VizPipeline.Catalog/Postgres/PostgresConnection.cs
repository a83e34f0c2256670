using Npgsql;

namespace VizPipeline.Catalog;

/// <summary>Converts options to the driver's connection string.</summary>
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
        // Kerberos needs system libraries that containers lack.
        GssEncryptionMode = GssEncryptionMode.Disable,
        ApplicationName = "VizPipeline",
        Timeout = 10,
        CommandTimeout = 60,
        // Detects servers that vanish silently, and keeps firewalls from dropping idle connections.
        KeepAlive = 30,
        MaxPoolSize = options.Connections,
    }.ToString();
}
