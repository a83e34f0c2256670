namespace VizPipeline.Tests.Hosting;

/// <summary>A clock that runs several times too fast, for things that happen every few seconds.</summary>
public sealed class FastClock(int times) : TimeProvider
{
    private readonly DateTimeOffset _start = System.GetUtcNow();
    private readonly long _started = System.GetTimestamp();

    public override long TimestampFrequency => System.TimestampFrequency;

    public override long GetTimestamp() => _started + ((System.GetTimestamp() - _started) * times);

    public override DateTimeOffset GetUtcNow() => _start + GetElapsedTime(_started);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        => System.CreateTimer(callback, state, Faster(dueTime), Faster(period));

    private TimeSpan Faster(TimeSpan time) => time > TimeSpan.Zero ? time / times : time;
}
