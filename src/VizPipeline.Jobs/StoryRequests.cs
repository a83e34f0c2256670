namespace VizPipeline.Jobs;

/// <summary>
/// A request for the pictures of a neuron's story, about an image of the atlas's own set. The worker reads the image, so that the numbers
/// are those of the atlas.
/// </summary>
public interface IStoryRequest
{
    /// <summary>The atlas whose network and preprocessing apply.</summary>
    string AtlasId { get; }

    /// <summary>The layer's name in the atlas.</summary>
    string Layer { get; }

    /// <summary>The channel of a map, or the unit of a vector.</summary>
    int Channel { get; }
}

/// <summary>Asks how an image reaches a neuron, and which way the neuron's signal takes back to the pixels.</summary>
/// <param name="AtlasId">The atlas.</param>
/// <param name="Layer">The layer's name.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Image">The path of an image of the atlas's set.</param>
public sealed record TraceNeuron(string AtlasId, string Layer, int Channel, string Image) : IStoryRequest, IBusRequest<NeuronTraced>;

/// <summary>Asks for the pictures of an ascent as it grows.</summary>
/// <param name="AtlasId">The atlas.</param>
/// <param name="Layer">The layer's name.</param>
/// <param name="Channel">The channel.</param>
public sealed record GrowAscent(string AtlasId, string Layer, int Channel) : IStoryRequest, IBusRequest<AscentGrown>;

/// <summary>The answer to <see cref="TraceNeuron"/>.</summary>
/// <param name="Activation">The neuron's largest activation on the image.</param>
/// <param name="Y">Its row in the map.</param>
/// <param name="X">Its column in the map.</param>
/// <param name="Height">H of the map; 1 for a vector.</param>
/// <param name="Width">W of the map; 1 for a vector.</param>
/// <param name="Box">The receptive field clipped to the image, as left, top, right, bottom (the last two exclusive).</param>
/// <param name="EffectiveBox">The effective field inside <paramref name="Box"/>, in the same form.</param>
/// <param name="Map">The feature map as PNG of H x W, brightest where the activation is largest.</param>
/// <param name="Layers">The layers of the atlas that the signal passes on its way back, from the neuron's to the input.</param>
/// <param name="Deconvolution">The deconvolution at the size of the image, grey where it is zero, as PNG.</param>
/// <param name="Crop">The image as the network sees it, as PNG.</param>
/// <param name="Cost">Time spent by phase.</param>
public sealed record NeuronTraced(
    float Activation, int Y, int X, int Height, int Width, int[] Box, int[] EffectiveBox, byte[] Map, IReadOnlyList<TracedLayer> Layers,
    byte[] Deconvolution, byte[] Crop, LiveCost Cost)
    : IBusMessage;

/// <summary>A neuron's signal in a layer on its way back to the pixels.</summary>
/// <param name="Layer">The layer's name.</param>
/// <param name="Channels">Feature maps of the layer.</param>
/// <param name="Reached">Feature maps that the signal reaches.</param>
/// <param name="Height">H of the layer's maps.</param>
/// <param name="Width">W of the layer's maps.</param>
/// <param name="Picture">The norm of the signal over the channels at each position, as PNG of H x W.</param>
public sealed record TracedLayer(string Layer, int Channels, int Reached, int Height, int Width, byte[] Picture);

/// <summary>The answer to <see cref="GrowAscent"/>.</summary>
/// <param name="Recipe">The recipe's name.</param>
/// <param name="Steps">The steps that the ascent took.</param>
/// <param name="Activation">The neuron's activation on the last picture.</param>
/// <param name="Pictures">The picture after growing numbers of steps.</param>
/// <param name="Cost">Time spent by phase.</param>
public sealed record AscentGrown(string Recipe, int Steps, float Activation, IReadOnlyList<GrownPicture> Pictures, LiveCost Cost)
    : IBusMessage;

/// <summary>A picture of an ascent.</summary>
/// <param name="Step">Steps taken before it.</param>
/// <param name="Picture">The picture as PNG.</param>
public sealed record GrownPicture(int Step, byte[] Picture);

/// <summary>
/// Asks for the deconvolution of any image of the atlas's set, not only of the nine that have pictures. Of an image in the
/// neuron's top list, the worker keeps the answer in the object store where it may write (<see cref="AtlasKeys.Exemplar"/>).
/// </summary>
/// <param name="AtlasId">The atlas.</param>
/// <param name="Layer">The layer's name.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Index">Index of the image.</param>
/// <param name="Image">The image's path in the set.</param>
public sealed record RenderExemplar(string AtlasId, string Layer, int Channel, int Index, string Image)
    : IStoryRequest, IBusRequest<ExemplarRendered>;

/// <summary>The answer to <see cref="RenderExemplar"/>.</summary>
/// <param name="Exemplar">What was drawn.</param>
/// <param name="Cost">Time spent by phase.</param>
public sealed record ExemplarRendered(Exemplar Exemplar, LiveCost Cost) : IBusMessage;

/// <summary>What a neuron sees in an image, at the largest value of its map.</summary>
/// <param name="Activation">The neuron's largest activation on the image.</param>
/// <param name="Y">Its row in the map.</param>
/// <param name="X">Its column in the map.</param>
/// <param name="Box">The receptive field clipped to the image, as left, top, right, bottom (the last two exclusive).</param>
/// <param name="EffectiveBox">The effective field inside <paramref name="Box"/>, in the same form.</param>
/// <param name="Deconvolution">The deconvolution at the size of the image, grey where it is zero, as PNG.</param>
public sealed record Exemplar(float Activation, int Y, int X, int[] Box, int[] EffectiveBox, byte[] Deconvolution);
