using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using VizPipeline.Jobs;

namespace VizPipeline.Hosting;

/// <summary>The exchanges and queues that a service sends to.</summary>
internal sealed class RabbitMqTopology(IOptions<RabbitMqOptions> options, IReadOnlyList<string> sendsTo)
{
    /// <summary>Declares the exchanges and queues and binds each queue to its exchange. The operation is idempotent.</summary>
    public async Task DeclareAsync(CancellationToken cancellation)
    {
        await using var connection = await RabbitMqConnection.OpenAsync(options.Value, cancellation);
        foreach (var queue in sendsTo)
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
            var exchange = QueueNames.ExchangeOf(queue);
            await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, cancellationToken: cancellation);
            await channel.DeclareQuorumQueueAsync(queue, cancellation);
            await channel.QueueBindAsync(queue, exchange, "", cancellationToken: cancellation);
        }
    }
}
