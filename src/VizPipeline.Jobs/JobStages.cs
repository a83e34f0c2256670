namespace VizPipeline.Jobs;

/// <summary>Which group of jobs waits for which: the order of the stages.</summary>
public static class JobStages
{
    /// <summary>What a group waits for.</summary>
    /// <param name="group">The group.</param>
    /// <param name="ascentNeedsTops">Whether ascents begin at top patches (<see cref="AscentSpec.StartsFromTopPatches"/>).</param>
    public static IEnumerable<JobDependency> DependenciesOf(JobGroup group, bool ascentNeedsTops = false) => group.Kind switch
    {
        JobKind.Ascent when ascentNeedsTops => [new(new(JobKind.Merge, group.Layer), Hard: true)],
        JobKind.Gather => [new(new(JobKind.Scan, null), Hard: true)],
        JobKind.Merge => [new(new(JobKind.Scan, null), Hard: true), new(new(JobKind.Gather, group.Layer), Hard: true)],
        JobKind.Patches => [new(new(JobKind.Merge, group.Layer), Hard: true)],
        // A sheet shows what there is, so one poisoned neuron does not cost a layer its sheet.
        JobKind.Sheet =>
        [
            new(new(JobKind.Merge, group.Layer), Hard: false),
            new(new(JobKind.Patches, group.Layer), Hard: false),
            new(new(JobKind.Ascent, group.Layer), Hard: false),
            new(new(JobKind.Filters, group.Layer), Hard: false),
        ],
        _ => [],
    };

    /// <summary>The groups whose waiting jobs may go on now, or never will.</summary>
    /// <param name="groups">The state of every group of the atlas; a dependency that is not listed has no jobs.</param>
    /// <param name="ascentNeedsTops">Whether ascents begin at top patches.</param>
    public static IReadOnlyList<JobStep> Next(IReadOnlyDictionary<JobGroup, GroupState> groups, bool ascentNeedsTops = false)
    {
        var now = new Dictionary<JobGroup, GroupState>(groups);
        var steps = new List<JobStep>();
        // A blocked group is finished, which may release or block others: the kinds are listed in the order of their stages.
        foreach (var group in groups.Keys.OrderBy(group => group.Kind).ThenBy(group => group.Layer))
        {
            if (now[group].Waiting == 0)
                continue;
            var dependencies = DependenciesOf(group, ascentNeedsTops).Where(dependency => now.ContainsKey(dependency.Group)).ToList();
            if (dependencies.Any(dependency => dependency.Hard && now[dependency.Group].Lost > 0))
            {
                steps.Add(new JobStep(group, Blocked: true));
                now[group] = new GroupState(now[group].Waiting, 0, 0, Lost: now[group].Waiting + now[group].Lost);
            }
            else if (dependencies.All(dependency => now[dependency.Group].Finished))
            {
                steps.Add(new JobStep(group, Blocked: false));
            }
        }
        return steps;
    }
}

/// <summary>One group waits for another.</summary>
/// <param name="Group">The group that must finish first.</param>
/// <param name="Hard">Whether it must finish without losses; otherwise it must only finish.</param>
public sealed record JobDependency(JobGroup Group, bool Hard);

/// <summary>How many jobs of a group are where.</summary>
/// <param name="Total">All jobs of the group.</param>
/// <param name="Waiting">Jobs that wait for other groups.</param>
/// <param name="Active">Jobs that are ready, sent or running.</param>
/// <param name="Lost">Jobs that failed or are blocked.</param>
public sealed record GroupState(int Total, int Waiting, int Active, int Lost)
{
    /// <summary>Whether no job of the group will change by itself any more.</summary>
    public bool Finished => Waiting == 0 && Active == 0;
}

/// <summary>What happens to the waiting jobs of a group.</summary>
/// <param name="Group">The group.</param>
/// <param name="Blocked">True when they can never run; false when they may run now.</param>
public sealed record JobStep(JobGroup Group, bool Blocked);
