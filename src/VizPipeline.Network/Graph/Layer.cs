namespace VizPipeline.Network.Graph;

/// <summary>What kind of operator a layer observes.</summary>
public enum LayerKind
{
    /// <summary>A convolution after its normalisation and nonlinearity.</summary>
    Conv,

    /// <summary>A fully connected layer after its nonlinearity.</summary>
    Linear,

    /// <summary>A concatenation of channels.</summary>
    Concat,

    /// <summary>A residual addition after its nonlinearity.</summary>
    Add,

    /// <summary>The network's output, before any softmax.</summary>
    Output,
}

/// <summary>A named observation point of a network (METHODS 0).</summary>
/// <param name="Index">Position among the network's layers, from the input on.</param>
/// <param name="Name">The name that people know: that of the weight, or of the node.</param>
/// <param name="Alias">For the output layer, the name of the weighted operator that makes it; else null.</param>
/// <param name="Kind">What is observed.</param>
/// <param name="Node">Index of the node whose output is observed.</param>
/// <param name="PreActivation">Index of the node before the nonlinearity; equal to <paramref name="Node"/> where there is none.</param>
/// <param name="WeightedNode">Index of the convolution or linear node, or null for a merge.</param>
/// <param name="Shape">Channels (neurons) and map size.</param>
/// <param name="Field">What one position sees of the input.</param>
/// <param name="Parameters">Learned numbers of the weighted operator and its normalisation.</param>
public sealed record Layer(
    int Index, string Name, string? Alias, LayerKind Kind, int Node, int PreActivation, int? WeightedNode, Shape Shape, ReceptiveField Field, long Parameters)
{
    /// <summary>Neurons: channels of a map, units of a vector.</summary>
    public int Neurons => Shape.Channels;
}
