using VizPipeline.Jobs;

namespace VizPipeline.Worker;

/// <summary>The current and past activity of a device, for the worker's reports. Thread-safe.</summary>
public sealed class DeviceActivity(TimeProvider time)
{
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MarkPause = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private readonly List<(long At, TimeSpan Busy)> _marks = [(time.GetTimestamp(), TimeSpan.Zero)];
    private JobCommand? _inHand;
    private long _begun;
    private TimeSpan _busy;
    private long _done;

    /// <summary>The current job; null if there is none.</summary>
    public JobCommand? InHand => _inHand;

    /// <summary>The number of completed jobs.</summary>
    public long Done => Interlocked.Read(ref _done);

    /// <summary>
    /// The fraction of roughly the last minute that was spent on jobs, from 0 to 1. Each read records a mark for later reads, so no timer
    /// is needed.
    /// </summary>
    public double RecentBusyRatio
    {
        get
        {
            lock (_gate)
            {
                var busy = Busy();
                while (_marks.Count > 1 && time.GetElapsedTime(_marks[1].At) >= Recent)
                    _marks.RemoveAt(0);
                var (since, before) = _marks[0];
                if (time.GetElapsedTime(_marks[^1].At) >= MarkPause)
                    _marks.Add((time.GetTimestamp(), busy));
                return Ratio(busy - before, since);
            }
        }
    }

    /// <summary>Records the start of a job; dispose the result when the job ends.</summary>
    internal Hand Begin(JobCommand command)
    {
        lock (_gate)
            (_inHand, _begun) = (command, time.GetTimestamp());
        return new Hand(this);
    }

    /// <summary>A running job.</summary>
    internal sealed class Hand(DeviceActivity owner) : IDisposable
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

    private TimeSpan Busy() => _busy + (_inHand is null ? TimeSpan.Zero : Elapsed());

    private double Ratio(TimeSpan busy, long since)
    {
        var all = time.GetElapsedTime(since);
        return all > TimeSpan.Zero ? Math.Clamp(busy / all, 0, 1) : 0;
    }

    private TimeSpan Elapsed() => time.GetElapsedTime(_begun);
}
