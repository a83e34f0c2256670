using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Coordinator;

/// <summary>A job whose command or answer was lost is sent again once a worker that could do it stays idle.</summary>
public sealed class LostJobsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    // The command was lost: any idle worker of the kind could have taken it.
    [InlineData(JobState.Sent, "other", "scan,merge", WorkerState.Idle, 3, true)]
    // The answer was lost: the job's own worker does nothing.
    [InlineData(JobState.Running, "mine", "merge", WorkerState.Idle, 3, true)]
    [InlineData(JobState.Running, "other", "scan,merge", WorkerState.Idle, 3, false)]
    [InlineData(JobState.Sent, "other", "merge,patches", WorkerState.Idle, 3, false)]
    [InlineData(JobState.Sent, "other", "scan", WorkerState.Busy, 3, false)]
    // The worker did something in between, so it was not idle all the time.
    [InlineData(JobState.Sent, "other", "scan", WorkerState.Idle, 4, false)]
    public async Task A_lost_job_goes_back_while_a_worker_stays_idle(
        JobState job, string worker, string kinds, WorkerState state, int done, bool isSentAgain)
    {
        var spec = SpecSamples.Small("stalled", images: 20, shardImages: 10);
        await using var host = new EmbeddedHost(_folder.Path, spec.Id);
        await host.Planner.OpenAsync(spec, EmbeddedHost.Images(spec), _cancellation);
        var now = DateTime.UtcNow;
        await using var catalog = host.Database.Open();
        var scan = await catalog.Jobs.AsTracking().FirstAsync(row => row.Kind == JobKind.Scan, _cancellation);
        (scan.State, scan.Published, scan.SentAt, scan.Worker) = (job, true, now.AddSeconds(-40), job == JobState.Sent ? null : "mine");
        var node = new WorkerNode
        {
            Name = worker,
            Host = "host",
            Device = "cpu",
            SoftwareVersion = "1",
            Kinds = kinds,
            State = state,
            JobsDone = 3,
            LastSeenAt = now,
        };
        catalog.Workers.Add(node);
        await catalog.SaveChangesAsync(_cancellation);

        var idle = await host.LostJobs.RequeueStalledAsync(new Dictionary<string, long>(), now.AddSeconds(-60), _cancellation);
        Assert.Equal(job, await StateAsync(host, scan.JobId));
        node.JobsDone = done;
        await catalog.SaveChangesAsync(_cancellation);
        await host.LostJobs.RequeueStalledAsync(idle, now.AddSeconds(-30), _cancellation);
        Assert.Equal(isSentAgain ? JobState.Pending : job, await StateAsync(host, scan.JobId));
    }

    [Theory]
    // Ten times the longest other one, and ten minutes.
    [InlineData(65, 11, "scan", true)]
    [InlineData(67, 11, "scan", false)]
    [InlineData(5, 11, "scan", true)]
    [InlineData(5, 9, "scan", false)]
    // Nobody else could do it.
    [InlineData(65, 11, "merge", false)]
    [InlineData(null, 50, "scan", false)]
    public async Task A_job_on_a_worker_that_hangs_goes_to_another_one(int? longest, int minutes, string kinds, bool isSentAgain)
    {
        var spec = SpecSamples.Small("overdue", images: 20, shardImages: 10);
        await using var host = new EmbeddedHost(_folder.Path, spec.Id);
        await host.Planner.OpenAsync(spec, EmbeddedHost.Images(spec), _cancellation);
        var now = DateTime.UtcNow;
        await using var catalog = host.Database.Open();
        var scans = await catalog.Jobs.AsTracking().Where(row => row.Kind == JobKind.Scan).ToListAsync(_cancellation);
        (scans[0].State, scans[0].ElapsedSeconds) = (longest is null ? JobState.Pending : JobState.Completed, longest);
        (scans[1].State, scans[1].Published, scans[1].SentAt, scans[1].StartedAt, scans[1].Worker)
            = (JobState.Running, true, now.AddMinutes(-minutes), now.AddMinutes(-minutes), "hangs");
        foreach (var (name, served) in ((string, string)[])[("hangs", "scan,merge"), ("other", kinds)])
            catalog.Workers.Add(new WorkerNode
            {
                Name = name,
                Host = "host",
                Device = "cpu",
                SoftwareVersion = "1",
                Kinds = served,
                State = WorkerState.Busy,
                LastSeenAt = now,
            });
        await catalog.SaveChangesAsync(_cancellation);

        Assert.Equal(isSentAgain ? 1 : 0, await host.LostJobs.RequeueOverdueAsync(_cancellation));
        Assert.Equal(isSentAgain ? JobState.Pending : JobState.Running, await StateAsync(host, scans[1].JobId));
    }

    private async Task<JobState> StateAsync(EmbeddedHost host, long job)
    {
        await using var catalog = host.Database.Open();
        return (await catalog.Jobs.SingleAsync(row => row.JobId == job, _cancellation)).State;
    }
}
