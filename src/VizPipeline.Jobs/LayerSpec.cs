namespace VizPipeline.Jobs;

/// <summary>One observed layer of an atlas, as the network's graph describes it.</summary>
public sealed record LayerSpec
{
    /// <summary>Place in the atlas's list of layers, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>The layer's name in the network, e.g. <c>features.3.expand3x3</c>. Unique in the atlas.</summary>
    public required string Name { get; init; }

    /// <summary><c>conv</c>, <c>linear</c>, <c>merge</c> or <c>output</c>. Filter tiles are drawn of <c>conv</c> layers, and of an <c>output</c> that is a convolution.</summary>
    public required string Kind { get; init; }

    /// <summary>The operator for people, e.g. <c>Conv 3x3, 64</c>.</summary>
    public string Operator { get; init; } = "";

    /// <summary>Number of neurons: channels of a map, units of a linear layer. 1 or more.</summary>
    public required int Channels { get; init; }

    /// <summary>Height of a channel's map, 1 for units without extent.</summary>
    public int Height { get; init; } = 1;

    /// <summary>Width of a channel's map, 1 for units without extent.</summary>
    public int Width { get; init; } = 1;

    /// <summary>The receptive field along y.</summary>
    public ReceptiveAxis FieldY { get; init; } = new(1, 1, 0);

    /// <summary>The receptive field along x.</summary>
    public ReceptiveAxis FieldX { get; init; } = new(1, 1, 0);

    /// <summary>Whether every unit sees the whole input, so that a patch is the whole image.</summary>
    public bool SeesWholeInput { get; init; }

    /// <summary>Weights and biases of the layer's operator.</summary>
    public long Parameters { get; init; }

    /// <summary>Weighted operators from the input to here, this one included, along the longest path.</summary>
    public int Depth { get; init; }

    /// <summary>Floating-point operations of the layer's operator for one image, a multiply-add counted as two.</summary>
    public long Flops { get; init; }

    /// <summary>Indices of the observed layers that it is computed from, others in between left out; null where nobody wrote them down.</summary>
    public IReadOnlyList<int>? Inputs { get; init; }

    /// <summary>Whether it has weights of its own, and so filters and links; an output that only pools has none.</summary>
    public bool HasWeights() => Kind == "conv" || (Kind is "linear" or "output" && Parameters > 0);
}

/// <summary>The receptive field along one axis, in input pixels.</summary>
/// <param name="Size">Length of the field, 1 or more.</param>
/// <param name="Stride">Distance between the fields of neighbouring positions.</param>
/// <param name="Start">Centre of the field of position 0, where 0 is the centre of the first pixel; a half where the size is even.</param>
public sealed record ReceptiveAxis(int Size, int Stride, double Start);
