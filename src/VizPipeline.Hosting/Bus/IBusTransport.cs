using VizPipeline.Jobs;

namespace VizPipeline.Hosting;

/// <summary>What a broker has to offer. A transport is one implementation and its registration; see <c>docs/decisions</c>.</summary>
/// <remarks>
/// It also receives: at start it collects the <see cref="BusReceiver"/>s of all <see cref="IBusReceivers"/> of the host and hands each
/// message of their queues to them. A message is acknowledged after its receiver has completed. If the receiver throws, the message is
/// kept and delivered again later.
/// </remarks>
public interface IBusTransport
{
    /// <summary>Waits until this process is connected and its receivers' queues exist.</summary>
    Task WaitUntilReadyAsync(CancellationToken cancellation);

    /// <summary>
    /// Sends to a queue of <see cref="QueueNames"/> or <see cref="JobKinds"/>. Completes when the broker has stored the message.
    /// </summary>
    Task SendAsync(string queue, BusMessage message, CancellationToken cancellation);

    /// <summary>Sends to every process that has a broadcast receiver for the queue. The message may be lost.</summary>
    Task BroadcastAsync(string queue, BusMessage message, CancellationToken cancellation);

    /// <summary>Sends a request to a queue and returns the answer of the process that took it.</summary>
    /// <exception cref="TimeoutException">Nobody answered in time; the request is then dropped from the queue.</exception>
    /// <exception cref="BusRequestException">The receiver threw.</exception>
    Task<BusMessage> AskAsync(string queue, BusMessage request, TimeSpan patience, CancellationToken cancellation);
}

/// <summary>What a role receives from the bus.</summary>
public interface IBusReceivers
{
    /// <summary>The receivers. The transport asks once, when the bus starts.</summary>
    IReadOnlyList<BusReceiver> Receivers { get; }
}

/// <summary>Receives the messages of one queue.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="ReceiveAsync">Handles a message. A request is answered with the result; otherwise the result is null.</param>
public sealed record BusReceiver(string Queue, Func<BusDelivery, CancellationToken, Task<IBusMessage?>> ReceiveAsync)
{
    /// <summary>How many messages are handled at the same time.</summary>
    public int AtOnce { get; init; } = 1;

    /// <summary>How many messages the broker sends ahead; at least <see cref="AtOnce"/>.</summary>
    public int ReadAhead { get; init; } = 1;

    /// <summary>Whether every process gets every message; otherwise each message goes to one process.</summary>
    public bool IsBroadcast { get; init; }
}

/// <summary>A message that has arrived.</summary>
/// <param name="Message">The message.</param>
/// <param name="IsRedelivered">Whether it was delivered before, perhaps to another process, and not acknowledged.</param>
public sealed record BusDelivery(IBusMessage Message, bool IsRedelivered);

/// <summary>The process that took a request failed to answer it.</summary>
public sealed class BusRequestException(string message) : Exception(message);
