using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Options;
using RabbitMQ.Client.Exceptions;

namespace VizPipeline.Hosting;

/// <summary>
/// Declares the queues that the service sends to; so the broker must be reached, accept the user and allow it.
/// </summary>
internal sealed class TopologyDeclaration(IOptions<RabbitMqOptions> options, RabbitMqTopology topology) : IStartupStep
{
    private const int AccessRefused = 403;

    public string Target => $"RabbitMQ at {options.Value.Host}:{options.Value.EffectivePort} (RabbitMq__Host, RabbitMq__Port)";

    public async Task RunAsync(CancellationToken cancellation)
    {
        var settings = options.Value;
        try
        {
            await topology.DeclareAsync(cancellation);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            throw new StartupException(
                $"RabbitMQ at {settings.Host}:{settings.EffectivePort}: {Explain(failure, settings)}", IsTransient(failure), failure);
        }
    }

    private static bool IsOf(int replyCode, OperationInterruptedException cause) => cause.ShutdownReason?.ReplyCode == replyCode;

    private static IEnumerable<Exception> Causes(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
            yield return cause;
        if (failure is AggregateException { InnerExceptions: var several })
            foreach (var cause in several.SelectMany(Causes))
                yield return cause;
        if (failure.InnerException is AggregateException { InnerExceptions: var inner })
            foreach (var cause in inner.SelectMany(Causes))
                yield return cause;
    }

    private static bool IsTransient(Exception failure)
        => Causes(failure).OfType<SocketException>().Any(cause => cause.SocketErrorCode != SocketError.HostNotFound);

    private static string Explain(Exception failure, RabbitMqOptions settings)
    {
        var causes = Causes(failure).ToList();
        if (causes.OfType<AuthenticationFailureException>().Any() || causes.OfType<PossibleAuthenticationFailureException>().Any())
            return $"user '{settings.User}' is refused; check RabbitMq__User and RabbitMq__Password";
        if (causes.OfType<OperationInterruptedException>().FirstOrDefault(cause => IsOf(AccessRefused, cause)) is { } refused)
            return $"user '{settings.User}' lacks a right ({refused.ShutdownReason?.ReplyText}); see docs/cluster.md";
        if (causes.OfType<OperationInterruptedException>().FirstOrDefault() is { } interrupted)
            return $"virtual host '{settings.VirtualHost}' is refused to user '{settings.User}' ({interrupted.ShutdownReason?.ReplyText}); "
                + "check RabbitMq__VirtualHost and the user's rights";
        if (causes.OfType<AuthenticationException>().FirstOrDefault() is { } tls)
            return $"no TLS connection ({tls.Message.ReplaceLineEndings(" ")}); check RabbitMq__Tls, RabbitMq__Port and RabbitMq__CaFile";
        if (causes.OfType<SocketException>().FirstOrDefault() is { } socket)
            return $"{socket.Message}; check RabbitMq__Host and RabbitMq__Port, and whether the broker runs";
        return $"{causes[^1].Message.ReplaceLineEndings(" ")}; check the settings RabbitMq__*";
    }
}
