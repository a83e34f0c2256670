using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Graph;

/// <summary>
/// Finds which values can't be below 0, whatever the image. A layer of such values is rectified: 0 there means that nothing was found.
/// </summary>
internal static class Rectification
{
    /// <summary>Returns for each node whether its output is never negative. An operator not known here counts as one that can be.</summary>
    public static bool[] Find(IReadOnlyList<Node> nodes)
    {
        var found = new bool[nodes.Count];
        foreach (var node in nodes)
            found[node.Index] = IsNeverNegative(node.Operator, [.. node.Inputs.Select(input => found[input])]);
        return found;
    }

    private static bool IsNeverNegative(Operator op, bool[] inputs) => op switch
    {
        Relu or ThresholdedRelu or TopChannels or JumpRelu or Sigmoid or HardSigmoid or Softplus or Absolute or Exponential
            or ChannelSoftmax or LpPool or GlobalLpPool => true,
        Clip { Min: >= 0 } or Saturation { Min: >= 0 } => true,
        Extremum { Largest: true } => inputs.Contains(true),
        ConstantPad { Value: < 0 } => false,
        // What sorts, weighs or adds values without changing their signs.
        Identity or Flatten or Unflatten or MaxPool or AveragePool or GlobalAveragePool or GlobalMaxPool or AdaptiveAveragePool
            or AdaptiveMaxPool or LocalResponseNorm or Concat or Add or Multiply or Divide or Extremum or ChannelSlice or ChannelGather
            or ChannelReduction or Crop or ConstantPad or MirrorPad or ChannelPad => !inputs.Contains(false),
        // Nonlinearities that keep the sign. The logarithm does not.
        LeakyRelu or PRelu or Elu or Celu or Tanh or Softsign or ErrorFunction or Silu or HardSwish or Gelu or Mish or Power
            or Clip { Max: >= 0 } or Saturation { Max: >= 0 } => !inputs.Contains(false),
        _ => false,
    };
}
