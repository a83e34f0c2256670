namespace VizPipeline.Coordinator;

/// <summary>The recent rate of completed jobs. Thread-safe.</summary>
internal sealed class CompletionRate(TimeProvider time)
{
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private long _began = time.GetTimestamp();
    private int _count;
    private double _last;

    /// <summary>Jobs per second over the last interval of at least one second; drops to 0 without completions.</summary>
    public double PerSecond
    {
        get
        {
            lock (_gate)
            {
                Turn();
                return _last;
            }
        }
    }

    /// <summary>Adds completed jobs.</summary>
    public void Add(int jobs)
    {
        lock (_gate)
        {
            Turn();
            _count += jobs;
        }
    }

    private void Turn()
    {
        var elapsed = time.GetElapsedTime(_began);
        if (elapsed < Span)
            return;
        (_last, _count, _began) = (_count / elapsed.TotalSeconds, 0, time.GetTimestamp());
    }
}
