namespace VizPipeline.Hosting;

/// <summary>Signals that a message is about to enter an error queue.</summary>
public sealed class ErrorQueueSignal(TimeProvider time)
{
    // Long enough for several checks, because the bus moves the message only after the consumer has failed.
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(2);
    private long last;

    /// <summary>Whether the signal was raised recently.</summary>
    public bool IsRaised => Volatile.Read(ref last) is var at and not 0 && time.GetElapsedTime(at) < Fresh;

    /// <summary>Raises the signal: a consumer has given up a message, in this process or another.</summary>
    public void Raise() => Volatile.Write(ref last, time.GetTimestamp());
}
