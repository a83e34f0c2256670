using VizPipeline.Catalog;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Coordinator;

public sealed class WorkPaceTests
{
    private static readonly DateTime Start = DateTime.UnixEpoch;

    // From the jobs tables of SqueezeNet and Tiny Darknet, the second one with the outputs, over 200 photographs, on two processor cores
    // that others used too.
    private const string SqueezeNet = "recorded-run.json";
    private const string TinyDarknet = "recorded-run-logits.json";

    public static MatrixTheoryData<string, double> Moments => new([SqueezeNet, TinyDarknet], [0.10, 0.25, 0.50, 0.75]);

    [Theory, MemberData(nameof(Moments))]
    public void The_time_left_of_a_recorded_run_is_right_within_a_factor_of_one_and_a_half(string file, double share)
    {
        var recorded = Read(file);
        var total = recorded.Jobs.Sum(job => WorkOf(recorded, job));
        var done = 0.0;
        var at = recorded.Jobs.OrderBy(job => job.End).SkipWhile(job => (done += WorkOf(recorded, job)) < share * total).First().End;

        var left = (recorded.End - at).TotalSeconds;
        Assert.InRange(Estimate(recorded, at).TotalSeconds, left / 1.5, left * 1.5);
    }

    [Theory]
    [InlineData(SqueezeNet)]
    [InlineData(TinyDarknet)]
    public void There_is_a_time_left_before_anything_has_run(string file)
    {
        var recorded = Read(file);
        var left = Estimate(recorded, Start.AddSeconds(-1)).TotalSeconds;

        // Only a guess: the speed of the machine is unknown.
        var took = (recorded.End - recorded.Jobs.Min(job => job.Start)).TotalSeconds;
        Assert.InRange(left, took / 10, took * 10);
    }

    [Fact]
    public void A_cheap_first_layer_says_nothing_about_a_dear_last_one()
    {
        var (spec, pace) = (TwoLayers(), new WorkPace(1e9));
        var cheap = JobKinds.Get(JobKind.Ascent).Work(spec, 0) / 1e9;
        var dear = JobKinds.Get(JobKind.Ascent).Work(spec, 1) / 1e9;
        pace.Add(JobKind.Ascent, 0, 100, 100 * cheap, Start);

        var left = pace.TimeLeft(spec, Counts(JobState.Completed, JobState.Pending, 100 * cheap), [], 1).TotalSeconds;

        Assert.True(dear > 20 * cheap);
        Assert.Equal(100 * dear, left, 1e-6 * left);
    }

    [Fact]
    public void The_speed_is_a_recent_one()
    {
        var (spec, pace) = (TwoLayers(), new WorkPace(1e9));
        var cheap = JobKinds.Get(JobKind.Ascent).Work(spec, 0) / 1e9;
        for (var i = 0; i < 60; i++)
            pace.Add(JobKind.Ascent, 0, 100, 100 * cheap, Start.AddMinutes(i));
        // The machine becomes three times slower.
        for (var i = 0; i < 15; i++)
            pace.Add(JobKind.Ascent, 0, 100, 300 * cheap, Start.AddMinutes(60 + i));

        Assert.InRange(pace.UnitsPerSecond(JobKind.Ascent, [], [])!.Value * cheap, 0.32, 0.36);
        var expected = 300 * JobKinds.Get(JobKind.Ascent).Work(spec, 1) / 1e9;
        Assert.InRange(
            pace.TimeLeft(spec, Counts(JobState.Completed, JobState.Pending, 1), [], 1).TotalSeconds, expected / 1.1, expected * 1.1);
    }

    [Fact]
    public void After_a_restart_the_catalog_knows_the_speed()
    {
        var (spec, pace) = (TwoLayers(), new WorkPace(1e9));
        var work = JobKinds.Get(JobKind.Ascent).Work(spec, 0) * 100;

        var left = pace.TimeLeft(spec, Counts(JobState.Completed, JobState.Pending, 10_000), [], 1).TotalSeconds;

        var expected = 100 * JobKinds.Get(JobKind.Ascent).Work(spec, 1) * 10_000 / work;
        Assert.InRange(left, expected / 1.05, expected * 1.05);
    }

    [Fact]
    public void A_running_job_counts_down_and_a_late_one_never_ends_early()
    {
        var (spec, pace) = (TwoLayers(), new WorkPace(1e9));
        var whole = 100 * JobKinds.Get(JobKind.Ascent).Work(spec, 1) / 1e9;
        TimeSpan After(double elapsed) => pace.TimeLeft(
            spec, Counts(JobState.Failed, JobState.Running, 0), [new RunningJob(JobKind.Ascent, 1, 100, 0, 0, elapsed)], 1);

        Assert.Equal(whole, After(0).TotalSeconds, 0.02 * whole);
        Assert.Equal(0.75 * whole, After(0.25 * whole).TotalSeconds, 0.02 * whole);
        Assert.True(After(1.5 * whole) >= TimeSpan.Zero);
    }

    [Fact]
    public void Jobs_that_were_given_up_take_no_time_and_more_workers_take_less()
    {
        var (spec, pace) = (TwoLayers(), new WorkPace(1e9));
        var one = pace.TimeLeft(spec, Counts(JobState.Pending, JobState.Pending, 0), [], 1);

        Assert.Equal(one / 2, pace.TimeLeft(spec, Counts(JobState.Pending, JobState.Pending, 0), [], 2));
        Assert.Equal(TimeSpan.Zero, pace.TimeLeft(spec, Counts(JobState.Failed, JobState.Blocked, 0), [], 1));
    }

    private static TimeSpan Estimate(Recording run, DateTime at)
    {
        var pace = new WorkPace(WorkEstimate.PerCoreSecond * 2);
        foreach (var job in run.Jobs.Where(job => job.End <= at).OrderBy(job => job.End))
            pace.Add(job.Kind, job.Layer, job.Units, job.Seconds, job.End);
        var counts = run.Jobs
            .GroupBy(job => (job.Kind, job.Layer, State: job.End <= at ? JobState.Completed
                : job.Start <= at ? JobState.Running : JobState.Pending))
            .Select(jobs => new JobCount(
                jobs.Key.Kind, jobs.Key.State, jobs.Count(), jobs.Sum(job => (long)job.Units),
                jobs.Key.State == JobState.Completed ? jobs.Sum(job => job.Seconds) : 0, jobs.Key.Layer)).ToList();
        var running = run.Jobs.Where(job => job.Start <= at && job.End > at)
            .Select(job => new RunningJob(job.Kind, job.Layer, job.Units, 0, 0, (at - job.Start).TotalSeconds)).ToList();
        return pace.TimeLeft(run.Spec, counts, running, 1);
    }

    private static Recording Read(string file)
        => VizJson.Read<Recording>(File.ReadAllBytes(Repository.Path("tests", "VizPipeline.Tests", "Coordinator", file)));

    private static double WorkOf(Recording run, RecordedJob job) => job.Units * JobKinds.Get(job.Kind).Work(run.Spec, job.Layer);

    private static AtlasSpec TwoLayers() => SpecSamples.Small() with
    {
        Layers = [
            SpecSamples.Layer(0, "cheap", "conv", 100) with { Work = new LayerWork(1_000_000, 1_000_000, 100_000) },
            SpecSamples.Layer(1, "dear", "conv", 100) with { Work = new LayerWork(99_000_000, 100_000_000, 90_000_000) },
        ],
    };

    private static List<JobCount> Counts(JobState cheap, JobState dear, double seconds) =>
        [new(JobKind.Ascent, cheap, 1, 100, seconds, 0), new(JobKind.Ascent, dear, 2, 100, 0, 1)];

    private sealed record Recording(AtlasSpec Spec, IReadOnlyList<RecordedJob> Jobs)
    {
        public DateTime End => Jobs.Max(job => job.End);
    }

    private sealed record RecordedJob(JobKind Kind, int? Layer, int Units, double At, double Seconds)
    {
        public DateTime Start => WorkPaceTests.Start.AddSeconds(At);

        public DateTime End => Start.AddSeconds(Seconds);
    }
}
