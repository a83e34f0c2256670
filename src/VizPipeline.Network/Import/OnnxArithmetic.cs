using VizPipeline.Network.Formats;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Import;

/// <summary>Additions, subtractions, products and quotients with constants, as a factor and a summand per channel.</summary>
internal static class OnnxArithmetic
{
    /// <summary>x op c, or c op x where the constant comes first.</summary>
    public static ChannelAffine Affine(string type, string name, float[] constant, bool constantFirst)
    {
        var parts = constant.Select(c => (type, constantFirst) switch
        {
            ("Add", _) => (1f, c),
            ("Sub", false) => (1f, -c),
            ("Sub", true) => (-1f, c),
            ("Mul", _) => (c, 0f),
            ("Div", false) => (1 / c, 0f),
            _ => throw new Graph.OperatorNotSupportedException(name, type, "a constant divided by a map"),
        }).ToArray();
        return new ChannelAffine(
            new FloatTensor(name + ".scale", [parts.Length], [.. parts.Select(part => part.Item1)]),
            new FloatTensor(name + ".shift", [parts.Length], [.. parts.Select(part => part.Item2)]), 0);
    }
}
