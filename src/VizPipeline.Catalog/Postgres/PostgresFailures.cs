using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;

namespace VizPipeline.Catalog;

/// <summary>Translates the driver's exceptions for the person who configured the service: one line, without the password.</summary>
internal sealed class PostgresFailures(string place, PostgresOptions options)
{
    /// <summary>Explains a failure; null when neither the server nor the network caused it.</summary>
    public CatalogUnusableException? Explain(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (Reason(cause) is { } reason)
                return new CatalogUnusableException(
                    $"The catalog {place} cannot be used as user '{options.User}': {reason}".ReplaceLineEndings(" "), failure);
        }
        return null;
    }

    private string? Reason(Exception cause) => cause switch
    {
        PostgresException error => OfServer(error),
        // The inner exception says more.
        NpgsqlException { InnerException: SocketException or AuthenticationException or TimeoutException } => null,
        NpgsqlException error when error.Message.Contains("No password", StringComparison.Ordinal)
            => "the server asks for a password: set Postgres:Password (environment variable Postgres__Password).",
        NpgsqlException error when error.Message.Contains("SSL", StringComparison.Ordinal)
            => $"the server offers no TLS, and Postgres:Tls is {options.Tls}: turn TLS on there (ssl = on), or set Postgres:Tls to Prefer.",
        NpgsqlException error => $"{error.Message.TrimEnd('.')}.",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain }
            => $"the host '{options.Host}' is not known: check Postgres:Host.",
        SocketException { SocketErrorCode: SocketError.ConnectionRefused }
            => "nothing listens there: check Postgres:Host and Postgres:Port, and that the server runs and listens to the network.",
        SocketException error => $"{error.Message.TrimEnd('.')}: check Postgres:Host and Postgres:Port.",
        TimeoutException => "the server does not answer: check Postgres:Host and Postgres:Port, and firewalls between.",
        AuthenticationException error
            => $"the TLS certificate is refused ({error.Message.TrimEnd('.')}): check Postgres:CaFile and Postgres:Tls.",
        _ => null,
    };

    private string OfServer(PostgresException error) => error.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword => "the password is wrong, or there is no such role: check Postgres:User and Postgres:Password.",
        PostgresErrorCodes.InvalidAuthorizationSpecification when error.MessageText.Contains("no encryption", StringComparison.Ordinal)
            => $"the server asks for TLS, and Postgres:Tls is {options.Tls}: set it to Require, or allow this host in pg_hba.conf.",
        PostgresErrorCodes.InvalidAuthorizationSpecification => $"{error.MessageText}: check Postgres:User and the server's pg_hba.conf.",
        PostgresErrorCodes.InvalidCatalogName
            => $"there is no such database: check Postgres:Database, or make it with: CREATE DATABASE \"{options.Database}\";",
        PostgresErrorCodes.InsufficientPrivilege
            => $"{error.MessageText}: grant the role what docs/sql.md lists, or use the role that owns the tables.",
        PostgresErrorCodes.TooManyConnections
            => $"{error.MessageText}: lower Postgres:Connections, or raise max_connections of the server.",
        _ => $"{error.MessageText} (SQLSTATE {error.SqlState}).",
    };
}
