namespace VizPipeline.Tests;

/// <summary>A clock that stands still until a test sets it.</summary>
internal sealed class ManualClock : TimeProvider
{
    /// <summary>Seconds since it began, at the Unix epoch.</summary>
    public int Seconds { get; set; }

    public override long TimestampFrequency => 1;

    public override long GetTimestamp() => Seconds;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddSeconds(Seconds);

    public void Advance(TimeSpan time) => Seconds += (int)time.TotalSeconds;
}
