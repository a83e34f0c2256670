namespace VizPipeline.Jobs;

/// <summary>All jobs of an atlas. The same spec always gives the same jobs with the same numbers.</summary>
public static class JobPlan
{
    /// <summary>Lists the jobs of an atlas, numbered from 1.</summary>
    public static IReadOnlyList<PlannedJob> For(AtlasSpec spec)
    {
        var jobs = new List<PlannedJob>();
        foreach (var row in JobKinds.All)
            foreach (var command in row.PlanJobs(spec))
            {
                var id = jobs.Count + 1L;
                var group = new JobGroup(row.Kind, (command as ILayerCommand)?.Layer);
                jobs.Add(new PlannedJob(id, group, row.Priority, row.CountUnitsOf(spec, command), command with { JobId = id }));
            }
        return jobs;
    }
}

/// <summary>One job of a plan.</summary>
/// <param name="Id">Its number in the atlas, from 1.</param>
/// <param name="Group">The jobs that others wait for together.</param>
/// <param name="Priority">Jobs with a smaller number are sent first; equal ones by <paramref name="Id"/>.</param>
/// <param name="Units">How much work it is, see <see cref="JobKindRow.Unit"/>. 1 or more.</param>
/// <param name="Command">The command, with attempt 0.</param>
public sealed record PlannedJob(long Id, JobGroup Group, int Priority, int Units, JobCommand Command);

/// <summary>Jobs of one kind and layer.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Layer">Index of the layer; null for scans, which cover all layers at once.</param>
public readonly record struct JobGroup(JobKind Kind, int? Layer);
