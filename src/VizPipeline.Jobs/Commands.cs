using System.Text.Json.Serialization;

namespace VizPipeline.Jobs;

/// <summary>A command to a worker, the base of all of them.</summary>
/// <remarks>
/// The worker answers with <see cref="JobCompleted"/> or <see cref="JobFailed"/>, which repeat all three values. The bus may deliver a
/// command twice.
/// </remarks>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas, from 1.</param>
/// <param name="Attempt">How many times the job has been sent, from 1. Answers to earlier attempts are ignored.</param>
public abstract record JobCommand(string AtlasId, long JobId, int Attempt);

/// <summary>A command about one layer.</summary>
public interface ILayerCommand
{
    /// <summary>Index of the layer.</summary>
    int Layer { get; }
}

/// <summary>A command whose result depends on all images, so that a result of fewer images is none.</summary>
public interface IImagesCommand
{
    /// <summary>Number of images of the atlas when the job was planned; 0 if unknown, or if no image matters.</summary>
    int Images { get; }
}

/// <summary>A command about a range of neurons of one layer.</summary>
public interface INeuronsCommand : ILayerCommand
{
    /// <summary>The first neuron.</summary>
    int FirstChannel { get; }

    /// <summary>The neuron after the last one.</summary>
    int EndChannel { get; }
}

/// <summary>
/// Runs one shard of the images through the network and keeps the top 9 and the statistics of every neuron of the layers of one pass.
/// </summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">How many times the job has been sent, from 1.</param>
/// <param name="Shard">The shard's number, from 0.</param>
/// <param name="FirstImage">Index of the shard's first image.</param>
/// <param name="EndImage">Index after the shard's last image.</param>
/// <param name="Pass">The pass, see <see cref="ImageShard.PassOf"/>.</param>
public sealed record ScanShard(
    string AtlasId, long JobId, int Attempt, int Shard, int FirstImage, int EndImage, int Pass = 0) : JobCommand(AtlasId, JobId, Attempt);

/// <summary>
/// Merges the tallies of some shards for one layer into one tally: the lower level of the merge tree when there are many shards.
/// </summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">How many times the job has been sent, from 1.</param>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Part">The part's number, from 0.</param>
/// <param name="FirstShard">The first shard.</param>
/// <param name="EndShard">The shard after the last one.</param>
public sealed record GatherShards(string AtlasId, long JobId, int Attempt, int Layer, int Part, int FirstShard, int EndShard) : JobCommand(
    AtlasId, JobId, Attempt), ILayerCommand;

/// <summary>Merges the tallies of one layer, from the shards or from the gathered parts, into its <see cref="LayerTable"/>.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">How many times the job has been sent, from 1.</param>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Parts">Number of <see cref="GatherShards"/> parts of all images; 0 if the shards are merged directly.</param>
/// <param name="Images">See <see cref="IImagesCommand.Images"/>.</param>
public sealed record MergeLayer(string AtlasId, long JobId, int Attempt, int Layer, int Parts = 0, int Images = 0) : JobCommand(
    AtlasId, JobId, Attempt), ILayerCommand, IImagesCommand;

/// <summary>Cuts out the top-9 patches of a range of neurons and draws their deconvolutions.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">How many times the job has been sent, from 1.</param>
/// <param name="Layer">Index of the layer.</param>
/// <param name="FirstChannel">The first neuron.</param>
/// <param name="EndChannel">The neuron after the last one.</param>
/// <param name="Images">See <see cref="IImagesCommand.Images"/>.</param>
public sealed record RenderPatches(
    string AtlasId, long JobId, int Attempt, int Layer, int FirstChannel, int EndChannel, int Images = 0) : JobCommand(
    AtlasId, JobId, Attempt), INeuronsCommand, IImagesCommand;

/// <summary>Runs gradient ascent for a range of neurons with one preset and one seed.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">How many times the job has been sent, from 1.</param>
/// <param name="Layer">Index of the layer.</param>
/// <param name="FirstChannel">The first neuron.</param>
/// <param name="EndChannel">The neuron after the last one.</param>
/// <param name="Preset">Name of the preset.</param>
/// <param name="Seed">Seed of the start images.</param>
/// <param name="Images">See <see cref="IImagesCommand.Images"/>.</param>
public sealed record AscendNeurons(
    string AtlasId, long JobId, int Attempt, int Layer, int FirstChannel, int EndChannel,
    [property: JsonConverter(typeof(PresetNameConverter))] string Preset, int Seed, int Images = 0) : JobCommand(
    AtlasId, JobId, Attempt), INeuronsCommand, IImagesCommand;

/// <summary>Finds the links of one layer that has weights, and draws a convolution's weights as tiles.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">How many times the job has been sent, from 1.</param>
/// <param name="Layer">Index of the layer.</param>
public sealed record RenderFilters(string AtlasId, long JobId, int Attempt, int Layer) : JobCommand(AtlasId, JobId, Attempt), ILayerCommand;

/// <summary>
/// Draws the contact sheet of one layer from the pictures that exist, and ranks its ascent pictures among the images' activations.
/// </summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">How many times the job has been sent, from 1.</param>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Images">See <see cref="IImagesCommand.Images"/>.</param>
public sealed record RenderSheet(string AtlasId, long JobId, int Attempt, int Layer, int Images = 0) : JobCommand(
    AtlasId, JobId, Attempt), ILayerCommand, IImagesCommand;

/// <summary>
/// Divides the top 100 images of a range of neurons into facets, and draws each facet's patches, mean picture and ascent.
/// </summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">How many times the job has been sent, from 1.</param>
/// <param name="Layer">Index of the layer.</param>
/// <param name="FirstChannel">The first neuron.</param>
/// <param name="EndChannel">The neuron after the last one.</param>
/// <param name="Images">See <see cref="IImagesCommand.Images"/>.</param>
public sealed record FindFacets(
    string AtlasId, long JobId, int Attempt, int Layer, int FirstChannel, int EndChannel, int Images = 0) : JobCommand(
    AtlasId, JobId, Attempt), INeuronsCommand, IImagesCommand;
