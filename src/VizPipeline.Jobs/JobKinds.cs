namespace VizPipeline.Jobs;

/// <summary>One row per kind of job. Everything else that depends on the kind reads this table.</summary>
/// <remarks>
/// A new kind needs a value of <see cref="JobKind"/>, a row here, a handler in the worker and a reader of its result in the catalog.
/// </remarks>
public static class JobKinds
{
    /// <summary>All kinds, in the order of <see cref="JobKind"/>, which is the order of the stages.</summary>
    public static IReadOnlyList<JobKindRow> All { get; } =
    [
        new JobKindRow<ScanShard>
        {
            Kind = JobKind.Scan,
            ResultTable = typeof(ScanTable),
            Summary = "runs part of the images through the network and keeps each neuron's top 9 and statistics",
            Unit = "images",
            Priority = 3,
            Size = JobSize.ImagesPerShard,
            Plan = spec => from scan in spec.Shards().SelectMany(shard => spec.Layers.Select(shard.PassOf).Distinct().Select(
                               pass => new ScanShard(spec.Id, 0, 0, shard.Number, shard.First, shard.End, pass)))
                           orderby scan.Pass, scan.Shard
                           select scan,
            CountUnits = (_, scan) => scan.EndImage - scan.FirstImage,
            GetResultKey = (_, scan) => AtlasKeys.ScanTable(scan.AtlasId, scan.Shard, scan.Pass),
            Work = (spec, _) => WorkEstimate.Image(spec),
            Describe = (_, scan) => $"images {scan.FirstImage} to {scan.EndImage - 1}{(scan.Pass == 0 ? "" : $", pass {scan.Pass}")}",
        },
        new JobKindRow<GatherShards>
        {
            Kind = JobKind.Gather,
            ResultTable = typeof(GatherTable),
            Summary = "merges the tallies of some shards, if there are many",
            Unit = "shards",
            Priority = 1,
            Dependencies = [new(JobKind.Scan)],
            Plan = spec => spec.NeedsScan()
                ? from layer in spec.Layers
                  from part in spec.MergeParts()
                  select new GatherShards(spec.Id, 0, 0, layer.Index, part.Part, part.FirstShard, part.EndShard)
                : [],
            CountUnits = (_, gather) => gather.EndShard - gather.FirstShard,
            GetResultKey = (spec, gather) => AtlasKeys.GatherTable(gather.AtlasId, gather.Part, spec.GetLayer(gather.Layer).Name),
            Work = (spec, layer) => WorkEstimate.Shard(spec, layer!.Value),
            Describe = (spec, gather) => $"{LayerName(spec, gather)} shards {gather.FirstShard} to {gather.EndShard - 1}",
        },
        new JobKindRow<MergeLayer>
        {
            Kind = JobKind.Merge,
            ResultTable = typeof(LayerTable),
            Summary = "merges a layer's tallies into its top 9 and statistics",
            Unit = "neurons",
            Priority = 1,
            Dependencies = [new(JobKind.Scan), new(JobKind.Gather)],
            Plan = spec => spec.NeedsScan()
                ? spec.Layers.Select(layer => new MergeLayer(
                    spec.Id, 0, 0, layer.Index, spec.MergeParts().Count, spec.Images.Count))
                : [],
            CountUnits = (spec, merge) => spec.GetLayer(merge.Layer).Channels,
            GetResultKey = (spec, merge) => AtlasKeys.LayerTable(merge.AtlasId, spec.GetLayer(merge.Layer).Name),
            Work = (spec, _) => WorkEstimate.Merged(spec),
            ShareRedone = (_, _) => 1,
            Describe = LayerName,
        },
        new JobKindRow<RenderPatches>
        {
            Kind = JobKind.Patches,
            ResultTable = typeof(PictureTable),
            Summary = "cuts out the top-9 patches of some neurons and draws their deconvolutions",
            Unit = "neurons",
            Priority = 4,
            Size = JobSize.NeuronsPerJob,
            Dependencies = [new(JobKind.Merge)],
            ChangedBy = AtlasMethods.Top9 | AtlasMethods.Deconv,
            Plan = spec => spec.NeedsScan()
                ? NeuronRanges(spec).Select(range => new RenderPatches(
                    spec.Id, 0, 0, range.Layer, range.First, range.End, spec.Images.Count))
                : [],
            CountUnits = (_, patches) => patches.EndChannel - patches.FirstChannel,
            GetResultKey = (spec, patches) => AtlasKeys.PatchesTable(
                patches.AtlasId, spec.GetLayer(patches.Layer).Name, patches.FirstChannel, patches.EndChannel),
            Work = (spec, layer) => WorkEstimate.Patches(spec, layer!.Value),
            ShareRedone = (_, changed) => changed(9),
            Describe = NeuronNames,
        },
        new JobKindRow<AscendNeurons>
        {
            Kind = JobKind.Ascent,
            ResultTable = typeof(PictureTable),
            Summary = "runs gradient ascent for some neurons with one recipe and one seed",
            Unit = "neurons",
            Priority = 5,
            Size = JobSize.NeuronsPerJob,
            PassesPerUnit = spec => spec.Ascent.Presets.Average(spec.Ascent.PassesOf),
            Dependencies = [new(JobKind.Merge) { OnlyIf = spec => spec.Ascent.StartsFromTopPatches() }],
            Plan = spec => spec.Methods.HasFlag(AtlasMethods.Ascent)
                ? from range in NeuronRanges(spec)
                  from preset in spec.Ascent.Presets
                  from seed in spec.Ascent.Seeds
                  select new AscendNeurons(
                      spec.Id, 0, 0, range.Layer, range.First, range.End, preset, seed,
                      spec.NeedsScan() && spec.Ascent.ReadsImages(preset) ? spec.Images.Count : 0)
                : [],
            CountUnits = (_, ascent) => ascent.EndChannel - ascent.FirstChannel,
            GetResultKey = (spec, ascent) => AtlasKeys.AscentTable(
                ascent.AtlasId, spec.GetLayer(ascent.Layer).Name, ascent.FirstChannel, ascent.EndChannel, ascent.Preset, ascent.Seed),
            Work = (spec, layer) => WorkEstimate.Ascent(spec, layer!.Value),
            ShareRedone = (spec, changed)
                => spec.Ascent.Presets.Average(
                    preset => spec.Ascent.ReadsSpectrum(preset) ? 1 : spec.Ascent.ReadsImages(preset) ? changed(9) : 0),
            Describe = (spec, ascent) => $"{NeuronNames(spec, ascent)}, preset {ascent.Preset}, seed {ascent.Seed}",
        },
        new JobKindRow<RenderFilters>
        {
            Kind = JobKind.Filters,
            ResultTable = typeof(PictureTable),
            Summary = "finds a layer's strongest connections and draws its filters",
            Unit = "neurons",
            Priority = 0,
            ReadsOtherLayers = true,
            Plan = spec => spec.Methods.HasFlag(AtlasMethods.Filters)
                ? spec.Layers.Where(layer => layer.HasWeights()).Select(layer => new RenderFilters(spec.Id, 0, 0, layer.Index))
                : [],
            CountUnits = (spec, filters) => spec.GetLayer(filters.Layer).Channels,
            GetResultKey = (spec, filters) => AtlasKeys.FiltersTable(filters.AtlasId, spec.GetLayer(filters.Layer).Name),
            Work = (_, _) => WorkEstimate.Filters,
            Describe = LayerName,
        },
        new JobKindRow<RenderSheet>
        {
            Kind = JobKind.Sheet,
            ResultTable = typeof(SheetTable),
            Summary = "draws a layer's contact sheet",
            Unit = "sheets",
            Priority = 2,
            // A sheet shows the pictures that exist, so one neuron that fails does not cost a layer its sheet.
            Dependencies = [.. new[] { JobKind.Merge, JobKind.Patches, JobKind.Ascent, JobKind.Filters }
                .Select(kind => new KindDependency(kind) { AllowsLosses = true })],
            Plan = spec => spec.Layers.Select(layer => new RenderSheet(
                spec.Id, 0, 0, layer.Index, spec.NeedsScan() ? spec.Images.Count : 0)),
            CountUnits = (_, _) => 1,
            GetResultKey = (spec, sheet) => AtlasKeys.SheetTable(sheet.AtlasId, spec.GetLayer(sheet.Layer).Name),
            Work = (spec, layer) => WorkEstimate.Sheet(spec, layer!.Value),
            ShareRedone = (_, _) => 1,
            Describe = LayerName,
        },
        new JobKindRow<FindFacets>
        {
            Kind = JobKind.Facets,
            ResultTable = typeof(PictureTable),
            Summary = "divides the top 100 images of some neurons into facets and draws each facet's patches, mean and ascent",
            Unit = "neurons",
            Priority = 6,
            Size = JobSize.NeuronsPerJob,
            PassesPerUnit = WorkEstimate.FacetPasses,
            Dependencies = [new(JobKind.Merge)],
            Plan = spec => spec.Methods.HasFlag(AtlasMethods.Facets)
                ? from range in NeuronRanges(spec)
                  where spec.GetLayer(range.Layer).HasWeights()
                  select new FindFacets(spec.Id, 0, 0, range.Layer, range.First, range.End, spec.Images.Count)
                : [],
            CountUnits = (_, facets) => facets.EndChannel - facets.FirstChannel,
            GetResultKey = (spec, facets) => AtlasKeys.FacetsTable(
                facets.AtlasId, spec.GetLayer(facets.Layer).Name, facets.FirstChannel, facets.EndChannel),
            Work = (spec, layer) => WorkEstimate.Facets(spec, layer!.Value),
            ShareRedone = (_, changed) => changed(100),
            Describe = NeuronNames,
        },
    ];

    /// <summary>The names of all kinds, in their order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(row => row.Name)];

    /// <summary>Kinds that use whatever others have made; they run again when a job that failed has been done after all.</summary>
    public static IReadOnlyList<JobKind> Summaries { get; } =
        [.. All.Where(row => row.Dependencies.Any(dependency => dependency.AllowsLosses)).Select(row => row.Kind)];

    /// <summary>Gets a kind's name in settings, queues and metrics, e.g. <c>scan</c>.</summary>
    public static string Name(this JobKind kind) => Get(kind).Name;

    /// <summary>Gets the row of a kind.</summary>
    public static JobKindRow Get(JobKind kind) => All[(int)kind];

    /// <summary>Gets the row of a command's kind.</summary>
    /// <exception cref="ArgumentException">No kind has such commands.</exception>
    public static JobKindRow Get(JobCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        return All.FirstOrDefault(row => row.CommandType == command.GetType())
            ?? throw new ArgumentException($"{command.GetType().Name} is not a command of any job kind", nameof(command));
    }

    internal static IEnumerable<(int Number, int First, int End)> Ranges(int count, int size)
    {
        var number = 0;
        for (var first = 0L; first < count; first += size)
            yield return (number++, (int)first, (int)Math.Min(count, first + size));
    }

    private static IEnumerable<(int Layer, int First, int End)> NeuronRanges(AtlasSpec spec)
        => from layer in spec.Layers
           from range in Ranges(layer.Channels, spec.NeuronsPerJob)
           select (layer.Index, range.First, range.End);

    internal static string NeuronNames(AtlasSpec spec, INeuronsCommand command)
        => $"{LayerName(spec, command)} neurons {command.FirstChannel} to {command.EndChannel - 1}";

    private static string LayerName(AtlasSpec spec, ILayerCommand command)
        => spec.FindLayer(command.Layer)?.Name ?? $"layer {command.Layer}";
}
