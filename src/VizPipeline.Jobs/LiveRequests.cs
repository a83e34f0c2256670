namespace VizPipeline.Jobs;

/// <summary>
/// An interactive request about one picture. Any worker that serves <see cref="QueueNames.Live"/> answers it alongside its batch jobs.
/// </summary>
public interface ILiveRequest
{
    /// <summary>The atlas whose network and preprocessing apply.</summary>
    string AtlasId { get; }

    /// <summary>The uploaded image file: JPEG, PNG, ... At most <see cref="LiveLimits.ImageBytes"/>.</summary>
    byte[] Image { get; }

    /// <summary>The layer's name in the atlas; null for all layers.</summary>
    string? Layer { get; }
}

/// <summary>Limits of live requests.</summary>
public static class LiveLimits
{
    /// <summary>Maximum size of an image file, in bytes; the broker limits messages, too.</summary>
    public const int ImageBytes = 8 << 20;

    /// <summary>Maximum number of pixels of an image: a small file may decode to a huge image.</summary>
    public const long ImagePixels = 50_000_000;

    /// <summary>How long a caller waits for an answer; workers skip older requests.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
}

/// <summary>Requests all feature maps of a layer for an image.</summary>
public sealed record ShowFeatureMaps(string AtlasId, byte[] Image, string Layer) : ILiveRequest, IBusRequest<FeatureMapsShown>;

/// <summary>Asks which pixels activated a neuron: its deconvolution (docs/methods.md, section 2).</summary>
/// <param name="AtlasId">The atlas.</param>
/// <param name="Image">The image file.</param>
/// <param name="Layer">The layer's name.</param>
/// <param name="Channel">The channel of a map, or the unit of a vector.</param>
/// <param name="Y">Row of the map; null, together with <paramref name="X"/>, for the position of the maximum.</param>
/// <param name="X">Column of the map.</param>
/// <param name="Rule">deconv, guided (backpropagation) or gradient.</param>
public sealed record ShowDeconvolution(
    string AtlasId, byte[] Image, string Layer, int Channel, int? Y = null, int? X = null, string Rule = "deconv")
    : ILiveRequest, IBusRequest<DeconvolutionShown>;

/// <summary>Requests the activation of every neuron of the atlas.</summary>
public sealed record ShowResponses(string AtlasId, byte[] Image) : ILiveRequest, IBusRequest<ResponsesShown>
{
    /// <inheritdoc/>
    public string? Layer => null;
}

/// <summary>The answer to <see cref="ShowFeatureMaps"/>.</summary>
/// <param name="Channels">C.</param>
/// <param name="Height">H of a map; 1 for a vector.</param>
/// <param name="Width">W of a map; 1 for a vector.</param>
/// <param name="Least">Minimum of each channel, [C].</param>
/// <param name="Greatest">Maximum of each channel, [C].</param>
/// <param name="Maps">All values, [C, H, W], row-major, scaled so that 0 is the channel's minimum and 255 its maximum.</param>
/// <param name="Crop">The image as the network sees it, as PNG.</param>
/// <param name="Outputs">The network's strongest outputs, if the atlas includes the output layer.</param>
/// <param name="Cost">Time spent by phase.</param>
public sealed record FeatureMapsShown(
    int Channels, int Height, int Width, float[] Least, float[] Greatest, byte[] Maps, byte[] Crop,
    IReadOnlyList<LiveOutput> Outputs, LiveCost Cost)
    : IBusMessage;

/// <summary>The answer to <see cref="ShowDeconvolution"/>.</summary>
/// <param name="Activation">The neuron's activation at this position.</param>
/// <param name="Y">Row of the map.</param>
/// <param name="X">Column of the map.</param>
/// <param name="Box">The receptive field clipped to the crop, as left, top, right, bottom (the last two exclusive).</param>
/// <param name="Deconvolution">The deconvolution at the size of the crop, grey where it is zero, as PNG.</param>
/// <param name="Crop">The image as the network sees it, as PNG.</param>
/// <param name="Cost">Time spent by phase.</param>
public sealed record DeconvolutionShown(float Activation, int Y, int X, int[] Box, byte[] Deconvolution, byte[] Crop, LiveCost Cost)
    : IBusMessage
{
    /// <summary>The effective field inside <see cref="Box"/>, in the same form; null from workers of versions without it.</summary>
    public int[]? EffectiveBox { get; init; }
}

/// <summary>The answer to <see cref="ShowResponses"/>.</summary>
/// <param name="Activations">Each neuron's activation, the maximum of its map, by layer in the order of the atlas.</param>
/// <param name="Crop">The image as the network sees it, as PNG.</param>
/// <param name="Outputs">The network's strongest outputs, if the atlas includes the output layer.</param>
/// <param name="Cost">Time spent by phase.</param>
public sealed record ResponsesShown(IReadOnlyList<float[]> Activations, byte[] Crop, IReadOnlyList<LiveOutput> Outputs, LiveCost Cost)
    : IBusMessage;

/// <summary>The answer to a request that cannot be served.</summary>
/// <param name="Reason">Why, in one line for the caller.</param>
/// <param name="IsOutage">Whether the worker rather than the request is at fault, so that a retry may succeed.</param>
public sealed record LiveRefused(string Reason, bool IsOutage = false) : IBusMessage;

/// <summary>One output of the network.</summary>
/// <param name="Index">Its index.</param>
/// <param name="Name">Its name; null if it is unnamed.</param>
/// <param name="Value">Its value in the output layer.</param>
public sealed record LiveOutput(int Index, string? Name, float Value)
{
    /// <summary>
    /// Its probability among all outputs: the value itself if the values are probabilities already, else their softmax; null from workers
    /// of versions without it.
    /// </summary>
    public double? Probability { get; init; }
}

/// <summary>Time spent on a live answer, in milliseconds.</summary>
/// <param name="Worker">The worker that answered.</param>
/// <param name="Decode">Decoding and cropping the image.</param>
/// <param name="Wait">Loading the network, or waiting for other live requests.</param>
/// <param name="Compute">Running the network.</param>
public sealed record LiveCost(string Worker, double Decode, double Wait, double Compute);

/// <summary>Asks whether workers can find images of a set, before an atlas over them is planned.</summary>
/// <param name="Root">The set's root as workers would see it: a folder, or <c>s3://BUCKET/PREFIX</c>.</param>
/// <param name="Images">Some of the set's images.</param>
public sealed record FindImages(string Root, IReadOnlyList<ImageEntry> Images) : IBusRequest<ImagesFound>;

/// <summary>The answer to <see cref="FindImages"/>.</summary>
/// <param name="Worker">The worker that looked.</param>
/// <param name="Fault">Why an image was not found, in one line; null if all were found.</param>
public sealed record ImagesFound(string Worker, string? Fault) : IBusMessage;
