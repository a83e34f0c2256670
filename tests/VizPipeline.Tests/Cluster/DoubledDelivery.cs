using System.Globalization;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Cluster;

/// <summary>Delivers every message of some queues twice.</summary>
/// <remarks>
/// Messages are published through the queue's exchange; a second queue bound to it receives a copy of each, which is sent to the first.
/// </remarks>
public sealed class DoubledDelivery : IAsyncDisposable
{
    private readonly IConnection _connection;
    private int _count;

    private DoubledDelivery(IConnection connection) => _connection = connection;

    /// <summary>Number of messages delivered a second time.</summary>
    public int Count => _count;

    public static async Task<DoubledDelivery> StartAsync(IReadOnlyDictionary<string, string> settings, IEnumerable<string> queues)
    {
        // Services do not need this right: sending to a queue directly, without its exchange.
        await ClusterServers.RabbitMq.RunAsync("ctl", "set_permissions", "-p", settings["RabbitMq__VirtualHost"], "app", ".*", ".*", ".*");
        var factory = new ConnectionFactory
        {
            HostName = settings["RabbitMq__Host"],
            Port = int.Parse(settings["RabbitMq__Port"], CultureInfo.InvariantCulture),
            VirtualHost = settings["RabbitMq__VirtualHost"],
            UserName = "app",
            Password = "app-secret",
        };
        var doubled = new DoubledDelivery(await factory.CreateConnectionAsync());
        foreach (var queue in queues)
        {
            var channel = await doubled._connection.CreateChannelAsync();
            var copies = (await channel.QueueDeclareAsync($"viz.copies.{queue}")).QueueName;
            await channel.QueueBindAsync(copies, QueueNames.ExchangeOf(queue), "");
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += async (_, message) =>
            {
                Interlocked.Increment(ref doubled._count);
                await channel.BasicPublishAsync("", queue, mandatory: true, new BasicProperties(message.BasicProperties), message.Body);
            };
            await channel.BasicConsumeAsync(copies, autoAck: true, consumer);
        }
        return doubled;
    }

    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();
}
