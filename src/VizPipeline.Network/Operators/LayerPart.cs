namespace VizPipeline.Network.Operators;

/// <summary>How an operator belongs to the layer whose value it alone reads.</summary>
public enum LayerPart
{
    /// <summary>It does not: the layer is observed before it.</summary>
    None,

    /// <summary>It is a part of the layer, and further parts may follow: a normalisation.</summary>
    Inner,

    /// <summary>It ends the layer: a nonlinearity. The value before it is the layer's pre-activation.</summary>
    Nonlinearity,

    /// <summary>
    /// It ends the layer, but its slope depends on the channel, so the value before it cannot be used as pre-activation neuron by neuron.
    /// </summary>
    ChannelNonlinearity,
}
