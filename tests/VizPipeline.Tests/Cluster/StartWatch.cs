using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Cluster;

/// <summary>Counts how often workers start each job, from a copy of all their answers.</summary>
public sealed class StartWatch : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly ConcurrentDictionary<long, int> _starts = new();

    private StartWatch(IConnection connection) => _connection = connection;

    /// <summary>Number of times a job was started again.</summary>
    public int Again => _starts.Values.Sum(count => count - 1);

    /// <summary>Number of jobs that were started.</summary>
    public int Jobs => _starts.Count;

    public static async Task<StartWatch> StartAsync(IReadOnlyDictionary<string, string> settings)
    {
        await ClusterServers.RabbitMq.RunAsync("ctl", "set_permissions", "-p", settings["RabbitMq__VirtualHost"], "app", ".*", ".*", ".*");
        var factory = new ConnectionFactory
        {
            HostName = settings["RabbitMq__Host"],
            Port = int.Parse(settings["RabbitMq__Port"], CultureInfo.InvariantCulture),
            VirtualHost = settings["RabbitMq__VirtualHost"],
            UserName = "app",
            Password = "app-secret",
        };
        var watch = new StartWatch(await factory.CreateConnectionAsync());
        var channel = await watch._connection.CreateChannelAsync();
        var queue = (await channel.QueueDeclareAsync()).QueueName;
        await channel.QueueBindAsync(queue, QueueNames.ExchangeOf(QueueNames.Answers), "");
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            using var envelope = JsonDocument.Parse(delivery.Body);
            var sent = envelope.RootElement.GetProperty("message");
            var message = new BusMessage(sent.GetProperty("type").GetString()!, sent.GetProperty("body").GetString()!).Read();
            if (message is JobStarted started)
                watch._starts.AddOrUpdate(started.JobId, 1, (_, count) => count + 1);
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer);
        return watch;
    }

    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();
}
