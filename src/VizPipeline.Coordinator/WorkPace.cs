using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>
/// Measures how fast the jobs of one atlas go, and estimates how long the rest takes: the work of <see cref="WorkEstimate"/> at the recent
/// speed of each kind of job. Thread-safe.
/// </summary>
/// <remarks>
/// Layers differ by a factor of 100 in the work per neuron, and the cheap ones come first, so units of one layer say nothing about another;
/// work does. A kind that has not run yet gets the speed of the others, relative to the estimates.
/// </remarks>
internal sealed class WorkPace(double workPerSecond)
{
    // So much worker time counts half: less would be noise, more would not follow a machine that becomes slower.
    private const double HalfLife = 120;

    // The estimate before anything is measured has the weight of this many seconds of measurements.
    private const double PriorSeconds = 2;

    private readonly Lock _gate = new();
    private readonly Dictionary<(JobKind Kind, int? Layer), (double Units, double Seconds)> _recent = [];
    private readonly Dictionary<JobKind, DateTime> _latest = [];

    /// <summary>Adds a completed job.</summary>
    public void Add(JobKind kind, int? layer, int units, double seconds, DateTime now)
    {
        lock (_gate)
        {
            var faded = _latest.TryGetValue(kind, out var before) ? Math.Pow(0.5, Math.Max(0, (now - before).TotalSeconds) / HalfLife) : 1;
            foreach (var key in _recent.Keys.Where(key => key.Kind == kind).ToList())
                _recent[key] = (_recent[key].Units * faded, _recent[key].Seconds * faded);
            var (known, took) = _recent.GetValueOrDefault((kind, layer));
            _recent[(kind, layer)] = (known + units, took + seconds);
            _latest[kind] = now;
        }
    }

    /// <summary>Returns the recent units per second of worker time of a kind; null until the first unit is done.</summary>
    public double? UnitsPerSecond(JobKind kind, IReadOnlyList<JobCount> counts, IReadOnlyList<RunningJob> running)
    {
        var known = Measured(counts, running).Where(of => of.Key.Kind == kind).Select(of => of.Value).ToList();
        var (units, seconds) = (known.Sum(of => of.Units), known.Sum(of => of.Seconds));
        return units > 0 && seconds > 0 ? units / seconds : null;
    }

    /// <summary>Estimates the time to the end.</summary>
    /// <param name="spec">The atlas.</param>
    /// <param name="counts">Its jobs.</param>
    /// <param name="running">Those that run.</param>
    /// <param name="parallel">The number of jobs that can run at the same time.</param>
    public TimeSpan TimeLeft(AtlasSpec spec, IReadOnlyList<JobCount> counts, IReadOnlyList<RunningJob> running, int parallel)
    {
        var work = counts.Select(count => (count.Kind, count.Layer)).Distinct()
            .ToDictionary(of => of, of => JobKinds.Get(of.Kind).Work(spec, of.Layer));
        var measured = Measured(counts, running);
        var pace = Paces(measured, work);
        // A job that takes longer than expected, without progress, shows that its kind is slower.
        foreach (var late in running.Where(job => Left(job) < 0).ToList())
        {
            var (units, seconds) = measured.GetValueOrDefault((late.Kind, late.Layer));
            measured[(late.Kind, late.Layer)] = (units + late.Units - late.UnitsDone, seconds + late.Elapsed - late.ElapsedAtReport);
        }
        pace = Paces(measured, work);
        var open = counts.Where(count => count.State is JobState.Waiting or JobState.Pending or JobState.Sent or JobState.Running).ToList();
        var rest = open.Sum(count => count.Units * Pace(count.Kind, count.Layer))
            - running.Sum(job => (job.Units * Pace(job.Kind, job.Layer)) - Math.Max(0, Left(job)));
        var longest = running.Select(Left).DefaultIfEmpty(0).Max();
        var shared = rest / Math.Clamp(open.Sum(count => count.Jobs), 1, Math.Max(1, parallel));
        return TimeSpan.FromSeconds(Math.Min(Math.Max(Math.Max(shared, longest), 0), TimeSpan.MaxValue.TotalSeconds / 2));

        double Pace(JobKind kind, int? layer) => work.GetValueOrDefault((kind, layer)) * pace(kind);
        double Left(RunningJob job)
            => ((job.Units - job.UnitsDone) * Pace(job.Kind, job.Layer)) - (job.Elapsed - job.ElapsedAtReport);
    }

    // Seconds per work of each kind. What all kinds together took, relative to the estimate, is the speed of the machine.
    private Func<JobKind, double> Paces(
        Dictionary<(JobKind Kind, int? Layer), (double Units, double Seconds)> measured, Dictionary<(JobKind, int?), double> work)
    {
        var kinds = measured.GroupBy(of => of.Key.Kind).ToDictionary(of => of.Key, of => (
            Expected: of.Sum(one => one.Value.Units * work.GetValueOrDefault(one.Key)) / workPerSecond,
            Took: of.Sum(one => one.Value.Seconds)));
        var machine = (PriorSeconds + kinds.Values.Sum(of => of.Took)) / (PriorSeconds + kinds.Values.Sum(of => of.Expected));
        return kind => kinds.TryGetValue(kind, out var of)
            ? machine / workPerSecond * (PriorSeconds + of.Took) / (PriorSeconds + (machine * of.Expected))
            : machine / workPerSecond;
    }

    // Without recent jobs of a kind, such as after a restart, all that the catalog knows.
    private Dictionary<(JobKind Kind, int? Layer), (double Units, double Seconds)> Measured(
        IReadOnlyList<JobCount> counts, IReadOnlyList<RunningJob> running)
    {
        Dictionary<(JobKind Kind, int? Layer), (double Units, double Seconds)> measured;
        lock (_gate)
            measured = new(_recent);
        var known = measured.Keys.Select(key => key.Kind).ToHashSet();
        foreach (var count in counts.Where(count => count.State == JobState.Completed && !known.Contains(count.Kind)))
            measured[(count.Kind, count.Layer)] = (count.Units, count.Seconds);
        foreach (var job in running.Where(job => job.UnitsDone > 0))
        {
            var (units, seconds) = measured.GetValueOrDefault((job.Kind, job.Layer));
            measured[(job.Kind, job.Layer)] = (units + job.UnitsDone, seconds + job.ElapsedAtReport);
        }
        return measured;
    }
}

/// <summary>A job that runs.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Layer">Index of the layer; null for kinds without layers.</param>
/// <param name="Units">All of its units.</param>
/// <param name="UnitsDone">The units that it has reported as done.</param>
/// <param name="ElapsedAtReport">Seconds from its start to this report.</param>
/// <param name="Elapsed">Seconds since its start.</param>
internal sealed record RunningJob(JobKind Kind, int? Layer, int Units, int UnitsDone, double ElapsedAtReport, double Elapsed);
