namespace VizPipeline.Hosting;

/// <summary>Says that a message is about to land in an error queue.</summary>
public sealed class ErrorQueueSignal(TimeProvider time)
{
    // Several looks: the bus moves the message after the consumer has failed.
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(2);
    private long last;

    /// <summary>Whether one was raised lately.</summary>
    public bool IsRaised => Volatile.Read(ref last) is var at and not 0 && time.GetElapsedTime(at) < Fresh;

    /// <summary>A consumer gives a message up, here or in another process.</summary>
    public void Raise() => Volatile.Write(ref last, time.GetTimestamp());
}
