namespace VizPipeline.Jobs;

/// <summary>All jobs of an atlas. The same spec always gives the same jobs under the same numbers.</summary>
public static class JobPlan
{
    /// <summary>The jobs of an atlas, numbered from 1.</summary>
    public static IReadOnlyList<PlannedJob> For(AtlasSpec spec)
    {
        var jobs = new List<PlannedJob>();
        void Add(JobKind kind, int? layer, int units, Func<long, IJobCommand> command)
        {
            var id = jobs.Count + 1L;
            jobs.Add(new PlannedJob(id, new JobGroup(kind, layer), Priority(kind), units, command(id)));
        }

        if (spec.NeedsScan())
        {
            foreach (var (shard, first, end) in Ranges(spec.Images.Count, spec.ShardImages))
                Add(JobKind.Scan, null, end - first, id => new ScanShard(spec.Id, id, 0, shard, first, end));
            foreach (var layer in spec.Layers)
                foreach (var (part, first, end) in spec.MergeParts())
                    Add(JobKind.Gather, layer.Index, end - first, id => new GatherShards(spec.Id, id, 0, layer.Index, part, first, end));
            foreach (var layer in spec.Layers)
                Add(JobKind.Merge, layer.Index, layer.Channels, id => new MergeLayer(spec.Id, id, 0, layer.Index, spec.MergeParts().Count));
            foreach (var layer in spec.Layers)
                foreach (var (_, first, end) in Ranges(layer.Channels, spec.NeuronsPerJob))
                    Add(JobKind.Patches, layer.Index, end - first, id => new RenderPatches(spec.Id, id, 0, layer.Index, first, end));
        }
        if (spec.Methods.HasFlag(AtlasMethods.Ascent))
        {
            foreach (var layer in spec.Layers)
                foreach (var (_, first, end) in Ranges(layer.Channels, spec.NeuronsPerJob))
                    foreach (var preset in spec.Ascent.Presets)
                        foreach (var seed in spec.Ascent.Seeds)
                            Add(JobKind.Ascent, layer.Index, end - first,
                                id => new AscendNeurons(spec.Id, id, 0, layer.Index, first, end, preset, seed));
        }
        if (spec.Methods.HasFlag(AtlasMethods.Filters))
        {
            foreach (var layer in spec.Layers.Where(layer => layer.HasWeights()))
                Add(JobKind.Filters, layer.Index, layer.Channels, id => new RenderFilters(spec.Id, id, 0, layer.Index));
        }
        foreach (var layer in spec.Layers)
            Add(JobKind.Sheet, layer.Index, 1, id => new RenderSheet(spec.Id, id, 0, layer.Index));
        return jobs;
    }

    // People look at an atlas while it grows: what is quick to draw or lets others begin goes first, hours of ascent last.
    private static int Priority(JobKind kind) => kind switch
    {
        JobKind.Filters => 0,
        JobKind.Gather or JobKind.Merge => 1,
        JobKind.Sheet => 2,
        JobKind.Scan => 3,
        JobKind.Patches => 4,
        _ => 5,
    };

    internal static IEnumerable<(int Number, int First, int End)> Ranges(int count, int size)
    {
        var number = 0;
        for (var first = 0L; first < count; first += size)
            yield return (number++, (int)first, (int)Math.Min(count, first + size));
    }
}

/// <summary>One job of a plan.</summary>
/// <param name="Id">Its number in the atlas, from 1.</param>
/// <param name="Group">The jobs that others wait for together.</param>
/// <param name="Priority">Smaller is sent sooner; equals go by number.</param>
/// <param name="Units">How much work it is: images of a scan, shards that are gathered, one per sheet, neurons of anything else. 1 or more.</param>
/// <param name="Command">The command, with attempt 0.</param>
public sealed record PlannedJob(long Id, JobGroup Group, int Priority, int Units, IJobCommand Command);

/// <summary>Jobs of one kind and layer.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Layer">Index of the layer; null for scans, which see all layers at once.</param>
public readonly record struct JobGroup(JobKind Kind, int? Layer);
