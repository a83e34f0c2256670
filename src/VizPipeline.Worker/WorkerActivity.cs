using VizPipeline.Jobs;

namespace VizPipeline.Worker;

/// <summary>What this worker does and has done, for its reports. Safe for many threads.</summary>
public sealed class WorkerActivity(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly long _started = time.GetTimestamp();
    private IJobCommand? _inHand;
    private long _begun;
    private TimeSpan _busy;
    private long _done;

    /// <summary>When the process started, UTC.</summary>
    public DateTimeOffset Started { get; } = time.GetUtcNow();

    /// <summary>The job in hand; null for none.</summary>
    public IJobCommand? InHand => _inHand;

    /// <summary>Jobs completed.</summary>
    public long Done => Interlocked.Read(ref _done);

    /// <summary>Share of the time with a job in hand, from 0 to 1.</summary>
    public double BusyRatio
    {
        get
        {
            lock (_gate)
            {
                var busy = _busy + (_inHand is null ? TimeSpan.Zero : time.GetElapsedTime(_begun));
                return Math.Clamp(busy / time.GetElapsedTime(_started), 0, 1);
            }
        }
    }

    /// <summary>A job begins; dispose the result at its end.</summary>
    internal Hand Begin(IJobCommand command)
    {
        lock (_gate)
            (_inHand, _begun) = (command, time.GetTimestamp());
        return new Hand(this);
    }

    /// <summary>A job in hand.</summary>
    internal sealed class Hand(WorkerActivity owner) : IDisposable
    {
        public void Complete(JobCompleted completed)
        {
            ArgumentNullException.ThrowIfNull(completed);
            Interlocked.Increment(ref owner._done);
        }

        public void Dispose()
        {
            lock (owner._gate)
                (owner._busy, owner._inHand) = (owner._busy + owner.Elapsed(), null);
        }
    }

    private TimeSpan Elapsed() => time.GetElapsedTime(_begun);
}
