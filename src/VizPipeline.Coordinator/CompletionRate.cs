namespace VizPipeline.Coordinator;

/// <summary>The recent rate of completed jobs. Thread-safe.</summary>
internal sealed class CompletionRate(TimeProvider time)
{
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new();
    private long began = time.GetTimestamp();
    private int count;
    private double last;

    /// <summary>Jobs per second over the last interval of at least one second; drops to 0 without completions.</summary>
    public double PerSecond
    {
        get
        {
            lock (gate)
            {
                Turn();
                return last;
            }
        }
    }

    /// <summary>Adds completed jobs.</summary>
    public void Add(int jobs)
    {
        lock (gate)
        {
            Turn();
            count += jobs;
        }
    }

    private void Turn()
    {
        var elapsed = time.GetElapsedTime(began);
        if (elapsed < Span)
            return;
        (last, count, began) = (count / elapsed.TotalSeconds, 0, time.GetTimestamp());
    }
}
