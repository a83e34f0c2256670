using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using VizPipeline.Jobs;

namespace VizPipeline.Hosting;

/// <summary>
/// Returns messages from error queues. The bus moves a message that no consumer could take to <c>QUEUE_error</c>, where it would stay
/// forever. Every half minute, such messages are moved back to their queue, counted and reported.
/// </summary>
/// <remarks>
/// An answer returns until it is taken, because the causes, such as a store that refuses requests or a full database, are temporary. A
/// command returns three times and is then dropped, because the jobs table sends its job again.
/// </remarks>
internal sealed class ErrorQueues(
    IOptions<RabbitMqOptions> options, ServiceTroubles troubles, IMeterFactory meters, TimeProvider time,
    ILogger<ErrorQueues> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private const string Returns = "viz-returns";
    private const int MostReturnsOfCommands = 3;
    private readonly Counter<long> _found = meters.Create(VizTelemetry.Name).CreateCounter<long>(
        "viz_error_queue_messages_total",
        description: "Messages that no consumer could take and that were moved out of an error queue to be tried again.");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        string[] queues = [QueueNames.Answers, .. JobKinds.All.Select(kind => kind.Queue)];
        foreach (var queue in queues)
            _found.Add(0, new KeyValuePair<string, object?>("queue", queue));
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await using var connection = await RabbitMqConnection.OpenAsync(options.Value, stoppingToken);
                foreach (var queue in queues)
                    await EmptyAsync(connection, queue, stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                // The broker is unavailable, which the bus's health check reports; the messages stay in its queues.
                logger.ErrorQueuesUnseen(failure);
            }
            catch (OperationCanceledException)
            {
                // The host is stopping.
            }
        }
    }

    private async Task EmptyAsync(IConnection connection, string queue, CancellationToken cancellation)
    {
        var confirms = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        await using var channel = await connection.CreateChannelAsync(confirms, cancellation);
        // As the bus declares it with the first message that goes there; the broker would log an error for each look at a missing queue.
        var waiting = (await channel.DeclareQuorumQueueAsync($"{queue}_error", cancellation)).MessageCount;
        var (moved, reason) = (0, "");
        for (; waiting > 0 && await channel.BasicGetAsync($"{queue}_error", autoAck: false, cancellation) is { } message; waiting--)
        {
            reason = Text(message, "MT-Fault-Message") ?? reason;
            var returns = int.TryParse(Text(message, Returns), CultureInfo.InvariantCulture, out var before) ? before + 1 : 1;
            if (queue == QueueNames.Answers || returns <= MostReturnsOfCommands)
            {
                var properties = new BasicProperties(message.BasicProperties) { Persistent = true };
                properties.Headers = new Dictionary<string, object?>(properties.Headers ?? new Dictionary<string, object?>());
                properties.Headers[Returns] = $"{returns}";
                // Published and confirmed before the message leaves the error queue, because a duplicate is better than a loss. Uses the
                // queue's exchange, because no role may publish to the default one.
                await channel.BasicPublishAsync(QueueNames.ExchangeOf(queue), "", mandatory: true, properties, message.Body, cancellation);
            }
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellation);
            moved++;
        }
        if (moved == 0)
            return;
        _found.Add(moved, new KeyValuePair<string, object?>("queue", queue));
        var text = moved == 1
            ? $"1 message of {queue} could not be taken and is tried again: {reason}"
            : $"{moved} messages of {queue} could not be taken and are tried again: {reason}";
        troubles.Tell(queue, text);
        logger.MessagesReturned(text);
    }

    private static string? Text(BasicGetResult message, string header)
        => message.BasicProperties.Headers?.TryGetValue(header, out var value) == true
            ? value is byte[] bytes ? Encoding.UTF8.GetString(bytes).ReplaceLineEndings(" ") : value?.ToString()
            : null;
}

internal static partial class ErrorQueueLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Text}")]
    public static partial void MessagesReturned(this ILogger logger, string text);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The error queues could not be looked at")]
    public static partial void ErrorQueuesUnseen(this ILogger logger, Exception failure);
}
