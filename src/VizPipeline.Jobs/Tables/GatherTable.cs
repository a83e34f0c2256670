namespace VizPipeline.Jobs;

/// <summary>
/// The result of <see cref="GatherShards"/> for the catalog, which stores none of it. The tally itself is a separate object for the merge.
/// </summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Part">The part's number.</param>
/// <param name="FirstShard">The first shard.</param>
/// <param name="EndShard">The shard after the last one.</param>
public sealed record GatherTable(int Layer, int Part, int FirstShard, int EndShard);
