namespace VizPipeline.Network.Graph;

/// <summary>The kind of operator that a layer observes.</summary>
public enum LayerKind
{
    /// <summary>A convolution, observed after its normalisation and nonlinearity.</summary>
    Conv,

    /// <summary>A fully connected layer, observed after its nonlinearity.</summary>
    Linear,

    /// <summary>A concatenation of channels.</summary>
    Concat,

    /// <summary>A residual addition, observed after its nonlinearity.</summary>
    Add,

    /// <summary>The network's output, before any softmax.</summary>
    Output,

    /// <summary>A value that the network's file names as an output, and that is none of the others.</summary>
    Value,

    /// <summary>The features of a dictionary on another layer.</summary>
    Dictionary,
}

/// <summary>A named observation point of a network (docs/methods.md, section 0).</summary>
/// <param name="Index">Position among the network's layers, counted from the input.</param>
/// <param name="Name">The name that users know: that of the weight, or of the node.</param>
/// <param name="Alias">For the output layer, the name of the weighted operator that computes it; else null.</param>
/// <param name="Kind">The kind of operator that is observed.</param>
/// <param name="Node">Index of the node whose output is observed.</param>
/// <param name="PreActivation">Index of the node before the nonlinearity; equal to <paramref name="Node"/> if there is none.</param>
/// <param name="WeightedNode">Index of the convolution or linear node, or null for a merge.</param>
/// <param name="Shape">Channels (neurons) and map size.</param>
/// <param name="Field">The receptive field of one position.</param>
/// <param name="Parameters">Number of learned parameters of the weighted operator and its normalisation.</param>
public sealed record Layer(
    int Index, string Name, string? Alias, LayerKind Kind, int Node, int PreActivation, int? WeightedNode, Shape Shape,
        ReceptiveField Field, long Parameters)
{
    /// <summary>Number of neurons: channels of a map, or units of a vector.</summary>
    public int Neurons => Shape.Channels;

    /// <summary>Whether no activation can be below 0, because a rectifier or the like comes last. At 0 such a neuron saw nothing.</summary>
    public bool IsRectified { get; init; }
}
