using Microsoft.Extensions.Options;
using RabbitMQ.Client.Exceptions;

namespace VizPipeline.Hosting;

/// <summary>Detects whether the broker still has what was sent to it.</summary>
public interface IBrokerMemory
{
    /// <summary>
    /// Returns whether the broker's queues are those that <see cref="MarkAsync"/> marked. If the broker is new, was emptied or was
    /// replaced, everything that was sent before is lost.
    /// </summary>
    Task<bool> HasKeptQueuesAsync(CancellationToken cancellation);

    /// <summary>Declares the queues and marks them. From now on, messages are sent to these queues.</summary>
    Task MarkAsync(CancellationToken cancellation);
}

/// <summary>The memory of a bus inside this process, which starts without any messages.</summary>
internal sealed class ProcessMemory : IBrokerMemory
{
    private bool _isMarked;

    public Task<bool> HasKeptQueuesAsync(CancellationToken cancellation) => Task.FromResult(_isMarked);

    public Task MarkAsync(CancellationToken cancellation)
    {
        _isMarked = true;
        return Task.CompletedTask;
    }
}

/// <summary>Keeps an empty queue as a mark, which exists as long as the other queues do.</summary>
internal sealed class RabbitMqMemory(IOptions<RabbitMqOptions> options, RabbitMqTopology topology) : IBrokerMemory
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
        await topology.DeclareAsync(cancellation);
        await using var connection = await RabbitMqConnection.OpenAsync(options.Value, cancellation);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        await channel.DeclareQuorumQueueAsync(Mark, cancellation);
    }
}
