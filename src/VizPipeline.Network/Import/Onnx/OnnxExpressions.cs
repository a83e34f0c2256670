using VizPipeline.Network.Formats.Onnx;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>The expression Scale * Root + Shift.</summary>
internal readonly record struct OnnxAffine(string Root, double Scale, double Shift)
{
    public double At(double root) => (Scale * root) + Shift;
}

/// <summary>Reads nodes as formulas, regardless of the order and form in which exporters write them.</summary>
internal sealed class OnnxExpressions(IReadOnlyDictionary<string, OnnxNode> writers, IReadOnlyDictionary<string, OnnxConstant> constants)
{
    // Deep enough for every known exporter; a hostile file may chain millions of nodes.
    private const int Deepest = 8;

    /// <summary>Returns the node that computes a value, looking through nodes that only pass it on.</summary>
    public OnnxNode? Writer(string value) => writers.GetValueOrDefault(Source(value));

    public bool Same(string a, string b) => Source(a) == Source(b);

    /// <summary>Returns a value as a multiple of another value plus a number.</summary>
    public OnnxAffine Affine(string value)
    {
        var (at, scale, shift) = (Source(value), 1.0, 0.0);
        for (var depth = 0; depth < Deepest && writers.GetValueOrDefault(at) is { Domain: "" } node; depth++)
        {
            if (node.OpType == "Neg" && node.Inputs.Count == 1)
            {
                (at, scale) = (Source(node.Inputs[0]), -scale);
                continue;
            }
            if (node.Inputs.Count != 2)
                break;
            var (left, right) = (Number(node.Inputs[0]), Number(node.Inputs[1]));
            if (left is null == right is null)
                break;
            var (number, other) = (left ?? right!.Value, Source(node.Inputs[left is null ? 0 : 1]));
            (double Scale, double Shift)? step = (node.OpType, left is not null) switch
            {
                ("Add", _) => (1, number),
                ("Mul", _) => (number, 0),
                ("Sub", false) => (1, -number),
                ("Sub", true) => (-1, number),
                ("Div", false) => (1 / number, 0),
                _ => null,
            };
            if (step is not var (factor, summand))
                break;
            (at, shift, scale) = (other, shift + (scale * summand), scale * factor);
        }
        return new OnnxAffine(at, scale, shift);
    }

    /// <summary>Returns the value that a node clips, and the limits.</summary>
    public (string Source, double Low, double High)? Limits(string value)
    {
        var (at, low, high) = (Source(value), double.NegativeInfinity, double.PositiveInfinity);
        var found = false;
        for (var depth = 0; depth < Deepest && writers.GetValueOrDefault(at) is { Domain: "" } node; depth++)
        {
            if (node.OpType == "Clip" && node.Inputs.Count > 0)
            {
                if (Bound(node, 1, node.GetFloat("min", float.NegativeInfinity)) is not { } min
                    || Bound(node, 2, node.GetFloat("max", float.PositiveInfinity)) is not { } max)
                    break;
                (low, high, at, found) = (Math.Max(low, min), Math.Min(high, max), Source(node.Inputs[0]), true);
                continue;
            }
            if (node.OpType is not ("Max" or "Min")
                || node.Inputs.Count != 2 || Number(node.Inputs[0]) is null == Number(node.Inputs[1]) is null)
                break;
            var (left, right) = (Number(node.Inputs[0]), Number(node.Inputs[1]));
            (low, high) = node.OpType == "Max" ? (Math.Max(low, left ?? right!.Value), high) : (low, Math.Min(high, left ?? right!.Value));
            (at, found) = (Source(node.Inputs[left is null ? 0 : 1]), true);
        }
        return found && low < high ? (at, low, high) : null;
    }

    /// <summary>
    /// Returns a value as a polynomial of <paramref name="x"/> up to degree 3, lowest degree first; null if it is not one.
    /// </summary>
    public double[]? Polynomial(string value, string x) => Polynomial(value, Source(x), Deepest);

    /// <summary>Returns the value of which this one is the square root, or null.</summary>
    public string? Root(string value) => Writer(value) switch
    {
        { OpType: "Sqrt", Domain: "" } root => root.Inputs[0],
        { OpType: "Pow", Domain: "", Inputs.Count: 2 } power when Number(power.Inputs[1]) == 0.5 => power.Inputs[0],
        _ => null,
    };

    /// <summary>Returns the value of which this one is the inverse square root, or null.</summary>
    public string? InverseRoot(string value) => Writer(value) switch
    {
        { OpType: "Reciprocal", Domain: "" } inverse => Root(inverse.Inputs[0]),
        { OpType: "Div", Domain: "", Inputs.Count: 2 } quotient when Number(quotient.Inputs[0]) == 1 => Root(quotient.Inputs[1]),
        { OpType: "Pow", Domain: "", Inputs.Count: 2 } power when Number(power.Inputs[1]) == -0.5 => power.Inputs[0],
        _ => null,
    };

    /// <summary>Returns the value of which this one is the square, or null.</summary>
    public string? Square(string value) => Writer(value) switch
    {
        { OpType: "Pow", Domain: "", Inputs.Count: 2 } power when Number(power.Inputs[1]) == 2 => power.Inputs[0],
        { OpType: "Mul", Domain: "", Inputs.Count: 2 } product when Same(product.Inputs[0], product.Inputs[1]) => product.Inputs[0],
        _ => null,
    };

    /// <summary>Returns the axes of a reduction as the node gives them.</summary>
    public long[]? Axes(OnnxNode node) =>
        node.GetInts("axes")?.ToArray() ?? (node.Inputs.Count > 1 ? constants.GetValueOrDefault(node.Inputs[1])?.Longs : null);

    private double? Bound(OnnxNode node, int input, double otherwise) =>
        input >= node.Inputs.Count || node.Inputs[input].Length == 0 ? otherwise : Number(node.Inputs[input]);

    private double? Number(string value) =>
        constants.GetValueOrDefault(value) is { Count: 1, Floats: not null } constant ? constant.At(0) : null;

    private string Source(string value)
    {
        for (var depth = 0; depth < Deepest
            && writers.GetValueOrDefault(value) is { OpType: "Identity" or "Dropout", Domain: "", Inputs.Count: > 0 } passing; depth++)
            value = passing.Inputs[0];
        return value;
    }

    private double[]? Polynomial(string value, string x, int depth)
    {
        value = Source(value);
        if (value == x)
            return [0, 1, 0, 0];
        if (Number(value) is { } number)
            return [number, 0, 0, 0];
        if (depth == 0
            || writers.GetValueOrDefault(value) is not { Domain: "", Inputs.Count: 2 } node
            || Polynomial(node.Inputs[0], x, depth - 1) is not { } a)
            return null;
        if (node.OpType == "Pow")
            return Number(node.Inputs[1]) switch { 2 => Times(a, a), 3 when Times(a, a) is { } square => Times(square, a), _ => null };
        if (Polynomial(node.Inputs[1], x, depth - 1) is not { } b)
            return null;
        return node.OpType switch
        {
            "Add" => [.. a.Zip(b, (one, other) => one + other)],
            "Sub" => [.. a.Zip(b, (one, other) => one - other)],
            "Mul" => Times(a, b),
            "Div" when b is [var divisor, 0, 0, 0] => [.. a.Select(one => one / divisor)],
            _ => null,
        };
    }

    private static double[]? Times(double[] a, double[] b)
    {
        var product = new double[7];
        for (var i = 0; i < 4; i++)
        {
            for (var j = 0; j < 4; j++)
                product[i + j] += a[i] * b[j];
        }
        return product[4..].All(value => value == 0) ? product[..4] : null;
    }
}
