using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using VizPipeline.ObjectStore;

namespace VizPipeline.Hosting;

/// <summary>A connection to the broker beside the bus's own, for what the bus does not do.</summary>
internal static class RabbitMqConnection
{
    /// <summary>Opens one. It does not recover: whoever needs it again opens another.</summary>
    public static Task<IConnection> OpenAsync(RabbitMqOptions settings, CancellationToken cancellation)
    {
        var factory = new ConnectionFactory
        {
            HostName = settings.Host,
            Port = settings.EffectivePort,
            VirtualHost = settings.VirtualHost,
            UserName = settings.User,
            Password = settings.Password,
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
            AutomaticRecoveryEnabled = false,
        };
        if (settings.Tls)
            factory.Ssl = new SslOption(settings.Host, "", enabled: true) { CertificateValidationCallback = CertificateAuthority.Validator(settings.CaFile) };
        return factory.CreateConnectionAsync(cancellation);
    }
}

/// <summary>Whether the broker still has what was published to it.</summary>
public interface IBrokerMemory
{
    /// <summary>
    /// Whether its queues are those that <see cref="MarkAsync"/> saw. False where it is new, was emptied, or another one stands in its place: what
    /// was sent before is gone.
    /// </summary>
    Task<bool> HasKeptQueuesAsync(CancellationToken cancellation);

    /// <summary>Notes that everything is sent to these queues from now on.</summary>
    Task MarkAsync(CancellationToken cancellation);
}

/// <summary>A queue without messages that is there as long as the others are.</summary>
internal sealed class RabbitMqMemory(IOptions<RabbitMqOptions> options) : IBrokerMemory
{
    private const string Mark = "viz.mark";
    private const int NotFound = 404;

    public async Task<bool> HasKeptQueuesAsync(CancellationToken cancellation)
    {
        await using var connection = await RabbitMqConnection.OpenAsync(options.Value, cancellation);
        try
        {
            await using var look = await connection.CreateChannelAsync(cancellationToken: cancellation);
            await look.QueueDeclarePassiveAsync(Mark, cancellation);
            return true;
        }
        catch (OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == NotFound)
        {
            return false;
        }
    }
    public async Task MarkAsync(CancellationToken cancellation)
    {
        await using var connection = await RabbitMqConnection.OpenAsync(options.Value, cancellation);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        await channel.QueueDeclareAsync(
            Mark, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: cancellation);
    }
}
