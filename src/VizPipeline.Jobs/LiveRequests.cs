namespace VizPipeline.Jobs;

/// <summary>A request of someone who waits, about one picture; any worker that serves <see cref="QueueNames.Live"/> answers it, beside its batch work.</summary>
public interface ILiveRequest
{
    /// <summary>The atlas, whose network and preprocessing are meant.</summary>
    string AtlasId { get; }

    /// <summary>The file of the picture, as it was uploaded: JPEG, PNG, ... At most <see cref="LiveLimits.ImageBytes"/>.</summary>
    byte[] Image { get; }

    /// <summary>The layer's name in the atlas; null where all are meant.</summary>
    string? Layer { get; }
}

/// <summary>What live requests may ask for.</summary>
public static class LiveLimits
{
    /// <summary>Largest file of a picture, in bytes; the broker's messages are limited, too.</summary>
    public const int ImageBytes = 8 << 20;

    /// <summary>Most pixels of a picture: a small file may hold a huge one.</summary>
    public const long ImagePixels = 50_000_000;

    /// <summary>How long an answer is worth waiting for; a request that is older is not worked on.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
}

/// <summary>Asks for all feature maps of a layer on a picture.</summary>
public sealed record ShowFeatureMaps(string AtlasId, byte[] Image, string Layer) : ILiveRequest, IBusRequest<FeatureMapsShown>;

/// <summary>Asks which pixels made a neuron answer: its deconvolution (METHODS 2).</summary>
/// <param name="AtlasId">The atlas.</param>
/// <param name="Image">The picture's file.</param>
/// <param name="Layer">The layer's name.</param>
/// <param name="Channel">The channel of a map, or the unit of a vector.</param>
/// <param name="Y">Row of the map; null, together with <paramref name="X"/>, for where the channel is strongest.</param>
/// <param name="X">Column of the map.</param>
/// <param name="Rule">deconv, guided (backpropagation) or gradient.</param>
public sealed record ShowDeconvolution(string AtlasId, byte[] Image, string Layer, int Channel, int? Y = null, int? X = null, string Rule = "deconv")
    : ILiveRequest, IBusRequest<DeconvolutionShown>;

/// <summary>Asks how strongly every neuron of the atlas answers.</summary>
public sealed record ShowResponses(string AtlasId, byte[] Image) : ILiveRequest, IBusRequest<ResponsesShown>
{
    /// <inheritdoc/>
    public string? Layer => null;
}

/// <summary>The answer to <see cref="ShowFeatureMaps"/>.</summary>
/// <param name="Channels">C.</param>
/// <param name="Height">H of a map; 1 for a vector.</param>
/// <param name="Width">W of a map; 1 for a vector.</param>
/// <param name="Least">Each channel's least value, [C].</param>
/// <param name="Greatest">Each channel's greatest value, [C].</param>
/// <param name="Maps">All values, [C, H, W], row-major: 0 is the channel's least and 255 its greatest value.</param>
/// <param name="Crop">What the network saw, as PNG.</param>
/// <param name="Outputs">The strongest outputs of the network, where the atlas has its output layer.</param>
/// <param name="Cost">Where the time went.</param>
public sealed record FeatureMapsShown(
    int Channels, int Height, int Width, float[] Least, float[] Greatest, byte[] Maps, byte[] Crop, IReadOnlyList<LiveOutput> Outputs, LiveCost Cost)
    : IBusMessage;

/// <summary>The answer to <see cref="ShowDeconvolution"/>.</summary>
/// <param name="Activation">The neuron's activation there.</param>
/// <param name="Y">Row of the map.</param>
/// <param name="X">Column of the map.</param>
/// <param name="Box">Its receptive field in the crop, as left, top, right, bottom (the last two behind the end), within the crop.</param>
/// <param name="Deconvolution">What came back, the whole crop large, grey where it is zero, as PNG.</param>
/// <param name="Crop">What the network saw, as PNG.</param>
/// <param name="Cost">Where the time went.</param>
public sealed record DeconvolutionShown(float Activation, int Y, int X, int[] Box, byte[] Deconvolution, byte[] Crop, LiveCost Cost)
    : IBusMessage;

/// <summary>The answer to <see cref="ShowResponses"/>.</summary>
/// <param name="Activations">By layer of the atlas, in their order: each neuron's activation, the maximum of its map.</param>
/// <param name="Crop">What the network saw, as PNG.</param>
/// <param name="Outputs">The strongest outputs of the network, where the atlas has its output layer.</param>
/// <param name="Cost">Where the time went.</param>
public sealed record ResponsesShown(IReadOnlyList<float[]> Activations, byte[] Crop, IReadOnlyList<LiveOutput> Outputs, LiveCost Cost)
    : IBusMessage;

/// <summary>The answer to a request that cannot be served.</summary>
/// <param name="Reason">Why, in one line for whoever asked.</param>
/// <param name="IsOutage">Whether the worker is the reason, and not the request: trying again may help.</param>
public sealed record LiveRefused(string Reason, bool IsOutage = false) : IBusMessage;

/// <summary>One of the network's outputs.</summary>
/// <param name="Index">Its index.</param>
/// <param name="Name">Its name; null where nobody gave one.</param>
/// <param name="Value">Its value, as the layer has it.</param>
public sealed record LiveOutput(int Index, string? Name, float Value);

/// <summary>Where the time of a live answer went, in milliseconds.</summary>
/// <param name="Worker">Who answered.</param>
/// <param name="Decode">Reading and cropping the picture.</param>
/// <param name="Wait">Opening the network, or waiting for other live requests.</param>
/// <param name="Compute">The network.</param>
public sealed record LiveCost(string Worker, double Decode, double Wait, double Compute);

/// <summary>Asks whether workers find images of a set before an atlas over them is planned.</summary>
/// <param name="Root">The set's root as workers would see it: a folder, or <c>s3://BUCKET/PREFIX</c>.</param>
/// <param name="Images">Some of the set's images.</param>
public sealed record FindImages(string Root, IReadOnlyList<ImageEntry> Images) : IBusRequest<ImagesFound>;

/// <summary>The answer to <see cref="FindImages"/>.</summary>
/// <param name="Worker">Who looked.</param>
/// <param name="Fault">Why an image is not found, in one line; null where all are.</param>
public sealed record ImagesFound(string Worker, string? Fault) : IBusMessage;
