namespace VizPipeline.Network.Operators;

/// <summary>The origin of one channel of a node's value.</summary>
/// <param name="Layer">Index among the observed layers; -1 for the network's input and where an unobserved operator mixes channels.</param>
/// <param name="Channel">The channel of that layer; of an RGB input 0, 1, 2 for red, green, blue; -1 if unknown.</param>
/// <param name="Height">Number of rows of its units in a flattened map; otherwise 1.</param>
/// <param name="Width">Number of columns of its units in a flattened map; otherwise 1.</param>
public readonly record struct ChannelSource(int Layer, int Channel, int Height = 1, int Width = 1)
{
    /// <summary>Number of units that the channel stands for.</summary>
    public int Units => Height * Width;
}
