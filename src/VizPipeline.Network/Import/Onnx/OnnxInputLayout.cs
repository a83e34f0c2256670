using VizPipeline.Network.Formats.Onnx;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>Detects networks that take images as [N, H, W, C], as TensorFlow's exporters write them.</summary>
internal static class OnnxInputLayout
{
    private static readonly HashSet<string> PassesOn =
        ["Identity", "Cast", "Add", "Sub", "Mul", "Div", "Clip", "Min", "Max", "Relu", "Neg", "QuantizeLinear", "DequantizeLinear", "Pad",
            "BatchNormalization", "Dropout"];

    /// <summary>Returns true if the first operator that is not elementwise transposes the input to [N, C, H, W].</summary>
    public static bool IsChannelsLast(
        int[] shape, string input, IReadOnlyList<OnnxNode> nodes, IReadOnlyDictionary<string, OnnxConstant> constants)
    {
        var reached = new HashSet<string> { input };
        foreach (var node in nodes)
        {
            if (!node.Inputs.Any(reached.Contains))
                continue;
            if (node.OpType == "Transpose" && node.GetInts("perm") is { } order && order.SequenceEqual([0L, 3, 1, 2]))
                return true;
            // With one channel, a reshape does the same as a transposition.
            if (node.OpType == "Reshape"
                && shape[3] == 1
                && shape[1] > 4 && constants.TryGetValue(node.Inputs.ElementAtOrDefault(1) ?? "", out var to) && to.Longs is [_, 1, _, _])
                return true;
            if (PassesOn.Contains(node.OpType))
                reached.UnionWith(node.Outputs);
        }
        return false;
    }
}
