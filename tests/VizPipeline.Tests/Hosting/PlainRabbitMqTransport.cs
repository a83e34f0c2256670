using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Hosting;

/// <summary>A third transport, complete and based on RabbitMQ's own client. It shows that MassTransit can be replaced.</summary>
internal sealed class PlainRabbitMqTransport(RabbitMqOptions options, IServiceProvider services)
    : IBusTransport, IHostedService, IAsyncDisposable
{
    private static readonly CreateChannelOptions Confirmed = new(
        publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<BusMessage>> _asked = new();
    private readonly string _answers = $"{QueueNames.Client}.plain-{Environment.ProcessId}";
    private readonly SemaphoreSlim _turn = new(1);
    private IConnection? _connection;
    private IChannel? _sender;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _connection = await new ConnectionFactory
        {
            HostName = options.Host,
            Port = options.Port ?? 5672,
            VirtualHost = options.VirtualHost,
            UserName = options.User,
            Password = options.Password,
        }.CreateConnectionAsync(cancellationToken);
        _sender = await _connection.CreateChannelAsync(Confirmed, cancellationToken);
        foreach (var receiver in services.GetServices<IBusReceivers>().SelectMany(role => role.Receivers))
            await ReceiveAsync(receiver.Queue, receiver, cancellationToken);
        await ReceiveAsync(_answers, new BusReceiver(_answers, (_, _) => Task.FromResult<IBusMessage?>(null)), cancellationToken);
        _ready.SetResult();
    }

    public Task StopAsync(CancellationToken cancellationToken) => _connection?.CloseAsync(cancellationToken) ?? Task.CompletedTask;

    public Task WaitUntilReadyAsync(CancellationToken cancellation) => _ready.Task.WaitAsync(cancellation);

    public Task SendAsync(string queue, BusMessage message, CancellationToken cancellation)
        => PublishAsync(queue, message, new BasicProperties { Persistent = true }, cancellation);

    public Task BroadcastAsync(string queue, BusMessage message, CancellationToken cancellation)
        => PublishAsync(queue, message, new BasicProperties(), cancellation);

    public async Task<BusMessage> AskAsync(string queue, BusMessage request, TimeSpan patience, CancellationToken cancellation)
    {
        var (id, answer) = ($"{Guid.NewGuid()}", new TaskCompletionSource<BusMessage>(TaskCreationOptions.RunContinuationsAsynchronously));
        _asked[id] = answer;
        var properties = new BasicProperties { CorrelationId = id, ReplyTo = _answers, Expiration = $"{patience.TotalMilliseconds:0}" };
        await PublishAsync(queue, request, properties, cancellation);
        return await answer.Task.WaitAsync(patience, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
            await _connection.DisposeAsync();
        _turn.Dispose();
    }

    private async Task PublishAsync(string queue, BusMessage message, BasicProperties properties, CancellationToken cancellation)
    {
        await _ready.Task.WaitAsync(cancellation);
        await _turn.WaitAsync(cancellation);
        try
        {
            await _sender!.BasicPublishAsync(
                QueueNames.ExchangeOf(queue), "", mandatory: false, properties, JsonSerializer.SerializeToUtf8Bytes(message), cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    // Progress is not broadcast here, because there is only one coordinator.
    private async Task ReceiveAsync(string queue, BusReceiver receiver, CancellationToken cancellation)
    {
        var concurrency = new CreateChannelOptions(
            publisherConfirmationsEnabled: false, publisherConfirmationTrackingEnabled: false,
            consumerDispatchConcurrency: (ushort)receiver.AtOnce);
        var channel = await _connection!.CreateChannelAsync(concurrency, cancellation);
        await channel.QueueDeclareAsync(queue, durable: false, exclusive: false, autoDelete: true, cancellationToken: cancellation);
        var exchange = QueueNames.ExchangeOf(queue);
        await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, cancellationToken: cancellation);
        await channel.QueueBindAsync(queue, exchange, "", cancellationToken: cancellation);
        await channel.BasicQosAsync(0, (ushort)Math.Max(receiver.AtOnce, receiver.ReadAhead), global: false, cancellation);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            var message = JsonSerializer.Deserialize<BusMessage>(Encoding.UTF8.GetString(delivery.Body.Span))!;
            var (tag, replyTo, id) = (delivery.DeliveryTag, delivery.BasicProperties.ReplyTo, delivery.BasicProperties.CorrelationId);
            if (queue == _answers)
            {
                if (_asked.TryRemove(id!, out var waiting))
                    waiting.SetResult(message);
            }
            else if (await receiver.ReceiveAsync(
                new BusDelivery(message.Read(), delivery.Redelivered), delivery.CancellationToken) is { } answer)
                await PublishAsync(
                    replyTo!, BusMessage.Create(answer), new BasicProperties { CorrelationId = id }, delivery.CancellationToken);
            await channel.BasicAckAsync(tag, multiple: false, delivery.CancellationToken);
        };
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer, cancellation);
    }
}
