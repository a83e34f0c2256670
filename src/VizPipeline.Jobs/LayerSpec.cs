using System.Text.Json.Serialization;

namespace VizPipeline.Jobs;

/// <summary>One observed layer of an atlas, as the network's graph describes it.</summary>
public sealed record LayerSpec
{
    /// <summary>
    /// The layer's number in the atlas, which it keeps: from 0 in the network's order in a new atlas; layers that are added get the next
    /// ones, and that of a layer that is taken away stays free.
    /// </summary>
    public required int Index { get; init; }

    /// <summary>
    /// In which pass over the images the layer is searched: 0 for the layers of the first plan, a higher one for each addition.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Pass { get; init; }

    /// <summary>The layer's name in the network, e.g. <c>features.3.expand3x3</c>. Unique in the atlas.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// <c>conv</c>, <c>linear</c>, <c>merge</c>, <c>dictionary</c> or <c>output</c>. Filter tiles are drawn for <c>conv</c> layers, and for
    /// an <c>output</c> that is a convolution.
    /// </summary>
    public required string Kind { get; init; }

    /// <summary>The operator for display, e.g. <c>Conv 3x3, 64</c>.</summary>
    public string Operator { get; init; } = "";

    /// <summary>Number of neurons: channels of a map or units of a linear layer. At least 1.</summary>
    public required int Channels { get; init; }

    /// <summary>Height of a feature map; 1 for units without spatial extent.</summary>
    public int Height { get; init; } = 1;

    /// <summary>Width of a feature map; 1 for units without spatial extent.</summary>
    public int Width { get; init; } = 1;

    /// <summary>The receptive field along y.</summary>
    public ReceptiveAxis FieldY { get; init; } = new(1, 1, 0);

    /// <summary>The receptive field along x.</summary>
    public ReceptiveAxis FieldX { get; init; } = new(1, 1, 0);

    /// <summary>Whether every unit sees the whole input, so that a patch is the whole image.</summary>
    public bool SeesWholeInput { get; init; }

    /// <summary>Number of weights and biases of the layer's operator.</summary>
    public long Parameters { get; init; }

    /// <summary>Number of weighted operators on the longest path from the input, this layer included.</summary>
    public int Depth { get; init; }

    /// <summary>Floating-point operations of the layer's operator for one image; a multiply-add counts as two.</summary>
    public long Flops { get; init; }

    /// <summary>
    /// Indices of the nearest observed layers from which this one is computed, unobserved ones skipped; null if not recorded.
    /// </summary>
    public IReadOnlyList<int>? Inputs { get; init; }

    /// <summary>
    /// Whether no activation can be below 0, so that 0 means that the neuron saw nothing and it can be dead; null if not recorded.
    /// </summary>
    public bool? Rectified { get; init; }

    /// <summary>The work that the layer costs, for estimates; null in specs older than this property.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LayerWork? Work { get; init; }

    /// <summary>Returns whether the layer has weights, and so filters and links; an output that only pools has none.</summary>
    public bool HasWeights() => Kind is "conv" or "dictionary" || (Kind is "linear" or "output" && Parameters > 0);
}

/// <summary>A layer of the network, observed or not.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Inputs">Positions, in the network's order, of the nearest layers from which it is computed.</param>
public sealed record NetworkLayer(string Name, IReadOnlyList<int> Inputs);

/// <summary>
/// The work of a layer in multiply-adds, from the shapes of the network's operators; a value that is written counts as
/// <see cref="WorkEstimate.PerValue"/>. It serves estimates of time only.
/// </summary>
/// <param name="Added">What the layer adds to a pass over an image that reaches all layers before it in the list.</param>
/// <param name="Pass">A forward pass from the input to the layer.</param>
/// <param name="Region">A forward pass to one position of the layer, over the region that this position sees.</param>
public sealed record LayerWork(long Added, long Pass, long Region);

/// <summary>The receptive field along one axis, in input pixels.</summary>
/// <param name="Size">Size of the field, at least 1.</param>
/// <param name="Stride">Distance between the fields of neighbouring positions.</param>
/// <param name="Start">
/// Centre of the field of position 0, where 0 is the centre of the first pixel; a half-integer if the size is even.
/// </param>
public sealed record ReceptiveAxis(int Size, int Stride, double Start);
