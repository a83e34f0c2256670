namespace VizPipeline.Jobs;

/// <summary>The kinds of jobs, in the order in which they are told. Stored by name: names are only ever added.</summary>
public enum JobKind
{
    /// <summary><see cref="ScanShard"/>; its units are images.</summary>
    Scan,

    /// <summary><see cref="GatherShards"/>; its units are shards.</summary>
    Gather,

    /// <summary><see cref="MergeLayer"/>; its units are neurons.</summary>
    Merge,

    /// <summary><see cref="RenderPatches"/>; its units are neurons.</summary>
    Patches,

    /// <summary><see cref="AscendNeurons"/>; its units are neurons, counted once per preset and seed.</summary>
    Ascent,

    /// <summary><see cref="RenderFilters"/>; its units are neurons.</summary>
    Filters,

    /// <summary><see cref="RenderSheet"/>; its unit is the sheet.</summary>
    Sheet,
}
