namespace VizPipeline.Jobs;

/// <summary>Defines the order of the stages: decides which groups of jobs may start.</summary>
public static class JobStages
{
    /// <summary>Lists the dependencies of a group.</summary>
    public static IEnumerable<JobDependency> GetDependencies(AtlasSpec spec, JobGroup group)
        => JobKinds.Get(group.Kind).Dependencies.Where(dependency => dependency.OnlyIf(spec)).Select(dependency =>
        {
            var layer = JobKinds.Get(dependency.Kind).IsPerLayer ? group.Layer : null;
            return new JobDependency(new JobGroup(dependency.Kind, layer), Hard: !dependency.AllowsLosses);
        });

    /// <summary>Lists the groups whose waiting jobs may start now, or can never start.</summary>
    /// <param name="spec">The atlas.</param>
    /// <param name="groups">The state of every group of the atlas; a dependency that is not listed has no jobs.</param>
    public static IReadOnlyList<JobStep> Next(AtlasSpec spec, IReadOnlyDictionary<JobGroup, GroupState> groups)
    {
        var now = new Dictionary<JobGroup, GroupState>(groups);
        var steps = new List<JobStep>();
        // A blocked group counts as finished, which may release or block others; so go through the kinds in the order of their stages.
        foreach (var group in groups.Keys.OrderBy(group => group.Kind).ThenBy(group => group.Layer))
        {
            if (now[group].Waiting == 0)
                continue;
            var dependencies = GetDependencies(spec, group).Where(dependency => now.ContainsKey(dependency.Group)).ToList();
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

/// <summary>Counts the jobs of a group by state.</summary>
/// <param name="Total">All jobs of the group.</param>
/// <param name="Waiting">Jobs that wait for other groups.</param>
/// <param name="Active">Jobs that are ready, sent or running.</param>
/// <param name="Lost">Jobs that failed or are blocked.</param>
public sealed record GroupState(int Total, int Waiting, int Active, int Lost)
{
    /// <summary>Whether every job of the group has reached its final state, unless a user retries it.</summary>
    public bool Finished => Waiting == 0 && Active == 0;
}

/// <summary>What happens to the waiting jobs of a group.</summary>
/// <param name="Group">The group.</param>
/// <param name="Blocked">True when they can never run; false when they may run now.</param>
public sealed record JobStep(JobGroup Group, bool Blocked);
