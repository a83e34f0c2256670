namespace VizPipeline.Coordinator;

/// <summary>Jobs that were completed per second, of late. Safe for many threads.</summary>
internal sealed class CompletionRate(TimeProvider time)
{
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new();
    private long began = time.GetTimestamp();
    private int count;
    private double last;

    /// <summary>The rate of the last full second; it falls to 0 when nothing comes any more.</summary>
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

    /// <summary>So many more are completed.</summary>
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
