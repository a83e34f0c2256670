using VizPipeline.Jobs;
using VizPipeline.Worker;

namespace VizPipeline.Tests.Worker;

public sealed class DeviceActivityTests
{
    private readonly ManualClock _clock = new();
    private readonly MergeLayer _job = new("atlas", 1, 1, 0);

    [Fact]
    public void The_recent_share_of_work_forgets_what_was_long_ago()
    {
        var activity = new DeviceActivity(_clock);
        Assert.Equal(0, activity.RecentBusyRatio);
        using (activity.Begin(_job))
            Look(activity, seconds: 120);
        Assert.Equal(1, activity.RecentBusyRatio);

        Look(activity, seconds: 30);
        Assert.Equal(0.5, activity.RecentBusyRatio, 0.1);
        Look(activity, seconds: 90);
        Assert.Equal(0, activity.RecentBusyRatio);
    }

    [Fact]
    public void A_job_in_hand_counts_before_it_ends()
    {
        var activity = new DeviceActivity(_clock);
        _clock.Seconds += 10;
        using var hand = activity.Begin(_job);
        _clock.Seconds += 30;
        Assert.Equal(0.75, activity.RecentBusyRatio);
    }

    private void Look(DeviceActivity activity, int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            _clock.Seconds++;
            _ = activity.RecentBusyRatio;
        }
    }
}
