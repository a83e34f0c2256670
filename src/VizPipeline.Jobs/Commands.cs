using System.Text.Json.Serialization;

namespace VizPipeline.Jobs;

/// <summary>What every command to a worker carries.</summary>
/// <remarks>
/// A worker answers with <see cref="JobCompleted"/> or <see cref="JobFailed"/> that repeat all three. Commands may arrive twice.
/// </remarks>
public interface IJobCommand
{
    /// <summary>The atlas's id.</summary>
    string AtlasId { get; }

    /// <summary>The job's number in its atlas, from 1.</summary>
    long JobId { get; }

    /// <summary>Which sending of the job this is, from 1. Answers to older ones are ignored.</summary>
    int Attempt { get; }
}

/// <summary>Run one shard of the images through the network and keep top-9 and statistics of every neuron of every layer.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">Which sending of the job this is, from 1.</param>
/// <param name="Shard">The shard's number, from 0.</param>
/// <param name="FirstImage">Index of the shard's first image.</param>
/// <param name="EndImage">Index behind the shard's last image.</param>
public sealed record ScanShard(string AtlasId, long JobId, int Attempt, int Shard, int FirstImage, int EndImage) : IJobCommand;

/// <summary>Merge the tallies of some shards for one layer into one tally: the lower level of the tree where there are many shards.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">Which sending of the job this is, from 1.</param>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Part">The part's number, from 0.</param>
/// <param name="FirstShard">The first shard.</param>
/// <param name="EndShard">Behind the last shard.</param>
public sealed record GatherShards(string AtlasId, long JobId, int Attempt, int Layer, int Part, int FirstShard, int EndShard) : IJobCommand;

/// <summary>Merge the tallies of one layer, of the shards or of what was gathered from them, into its <see cref="LayerTable"/>.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">Which sending of the job this is, from 1.</param>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Parts">How many <see cref="GatherShards"/> came before; 0 where the shards themselves are merged.</param>
public sealed record MergeLayer(string AtlasId, long JobId, int Attempt, int Layer, int Parts = 0) : IJobCommand;

/// <summary>Cut out the top-9 patches of a range of neurons and draw their deconvolutions.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">Which sending of the job this is, from 1.</param>
/// <param name="Layer">Index of the layer.</param>
/// <param name="FirstChannel">The first neuron.</param>
/// <param name="EndChannel">Behind the last neuron.</param>
public sealed record RenderPatches(string AtlasId, long JobId, int Attempt, int Layer, int FirstChannel, int EndChannel) : IJobCommand;

/// <summary>Run gradient ascent for a range of neurons with one preset and one seed.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">Which sending of the job this is, from 1.</param>
/// <param name="Layer">Index of the layer.</param>
/// <param name="FirstChannel">The first neuron.</param>
/// <param name="EndChannel">Behind the last neuron.</param>
/// <param name="Preset">Name of the preset.</param>
/// <param name="Seed">Seed of the start images.</param>
public sealed record AscendNeurons(
    string AtlasId, long JobId, int Attempt, int Layer, int FirstChannel, int EndChannel,
    [property: JsonConverter(typeof(PresetNameConverter))] string Preset, int Seed) : IJobCommand;

/// <summary>Find the links of one layer with weights, and draw a convolution's weights as tiles.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">Which sending of the job this is, from 1.</param>
/// <param name="Layer">Index of the layer.</param>
public sealed record RenderFilters(string AtlasId, long JobId, int Attempt, int Layer) : IJobCommand;

/// <summary>Draw the contact sheet of one layer, from what there is, and place its ascent pictures among the images' activations.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">Which sending of the job this is, from 1.</param>
/// <param name="Layer">Index of the layer.</param>
public sealed record RenderSheet(string AtlasId, long JobId, int Attempt, int Layer) : IJobCommand;
