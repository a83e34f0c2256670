using Microsoft.Extensions.Options;
using RabbitMQ.Client.Exceptions;

namespace VizPipeline.Hosting;

/// <summary>Whether the broker still has what was published to it.</summary>
public interface IBrokerMemory
{
    /// <summary>
    /// Whether its queues are those that <see cref="MarkAsync"/> saw. False where it is new, was emptied, or another one stands in its
    /// place: what
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
        await channel.DeclareQuorumQueueAsync(Mark, cancellation);
    }
}
