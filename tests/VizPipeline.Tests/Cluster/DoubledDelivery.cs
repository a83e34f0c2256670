using System.Globalization;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Cluster;

/// <summary>Delivers every message of some queues a second time.</summary>
/// <remarks>
/// What is published goes through the queue's exchange; a second queue behind it has a copy of each message, which goes to the first.
/// </remarks>
public sealed class DoubledDelivery : IAsyncDisposable
{
    private readonly IConnection _connection;
    private int _count;

    private DoubledDelivery(IConnection connection) => _connection = connection;

    /// <summary>Messages that were delivered once more.</summary>
    public int Count => _count;

    public static async Task<DoubledDelivery> StartAsync(IReadOnlyDictionary<string, string> settings, IEnumerable<string> queues)
    {
        // What services need not: to send to a queue past its exchange.
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
