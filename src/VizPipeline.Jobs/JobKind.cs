namespace VizPipeline.Jobs;

/// <summary>
/// The kinds of jobs, in the order of the stages; <see cref="JobKinds"/> describes them. Stored by name: names are only ever added.
/// </summary>
public enum JobKind
{
    /// <summary><see cref="ScanShard"/>.</summary>
    Scan,

    /// <summary><see cref="GatherShards"/>.</summary>
    Gather,

    /// <summary><see cref="MergeLayer"/>.</summary>
    Merge,

    /// <summary><see cref="RenderPatches"/>.</summary>
    Patches,

    /// <summary><see cref="AscendNeurons"/>.</summary>
    Ascent,

    /// <summary><see cref="RenderFilters"/>.</summary>
    Filters,

    /// <summary><see cref="RenderSheet"/>.</summary>
    Sheet,

    /// <summary><see cref="FindFacets"/>.</summary>
    Facets,
}
