using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Execution;

/// <summary>
/// Folds batch normalisations into the preceding convolutions wherever no other node reads the value in between. This saves one pass over
/// memory in each direction. The deconvnet's rule for a normalisation (multiply by gamma / sqrt(var + eps)) folds the same way.
/// </summary>
internal static class NormalizationFolding
{
    /// <summary>Returns the folded graph. Indices and shapes stay; a folded normalisation becomes the identity.</summary>
    public static NetworkGraph Fold(NetworkGraph graph)
    {
        var replacements = new Dictionary<int, Operator>();
        foreach (var node in graph.Nodes)
        {
            if (node.Operator is not ChannelAffine affine)
                continue;
            var before = node.Inputs[0];
            while (Now(before) is Identity && graph.Consumers(before).Count == 1)
                before = graph.Nodes[before].Inputs[0];
            if (Now(before) is not Convolution convolution || graph.Consumers(before).Count != 1)
                continue;
            replacements[before] = Scaled(convolution, affine);
            replacements[node.Index] = new Identity();
        }
        return replacements.Count == 0 ? graph : graph.With(replacements);

        // Some exporters write one normalisation as several factors and summands. Each folds into the result of the previous fold.
        Operator Now(int node) => replacements.GetValueOrDefault(node) ?? graph.Nodes[node].Operator;
    }

    private static Convolution Scaled(Convolution convolution, ChannelAffine affine)
    {
        var (weight, outputs) = (convolution.Weight, convolution.Outputs);
        var (each, scaled, bias) = (weight.Values.Length / outputs, new float[weight.Values.Length], new float[outputs]);
        for (var o = 0; o < outputs; o++)
        {
            var scale = affine.Scale.Values[o];
            for (var i = o * each; i < (o + 1) * each; i++)
                scaled[i] = weight.Values[i] * scale;
            bias[o] = ((convolution.Bias?.Values[o] ?? 0) * scale) + affine.Shift.Values[o];
        }
        return convolution with
        {
            Weight = new FloatTensor(weight.Name, weight.Shape, scaled),
            Bias = new FloatTensor(weight.Name + ".folded_bias", [outputs], bias),
        };
    }
}
