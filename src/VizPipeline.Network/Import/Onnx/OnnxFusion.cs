using VizPipeline.Network.Formats.Onnx;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>
/// Recombines what exporters decompose: x * sigmoid(x) is SiLU, x * clip(x + 3, 0, 6) / 6 is HardSwish, and so on. With one operator
/// instead of several, a layer is observed after its nonlinearity, and the deconvnet handles a single nonlinearity. Nodes that are no
/// longer needed are removed, and so are nodes that no wanted output depends on.
/// </summary>
internal sealed class OnnxFusion
{
    /// <summary>Domain of fused nodes that have no ONNX operator.</summary>
    public const string Domain = "vizpipeline.fused";

    /// <summary>Operator (x - mean) / sqrt(variance + epsilon) over some axes.</summary>
    public const string Normalize = "Normalize";

    private readonly OnnxExpressions _expressions;

    private OnnxFusion(OnnxExpressions expressions) => _expressions = expressions;

    /// <summary>Returns the nodes that the outputs need, in order, with patterns replaced.</summary>
    public static IReadOnlyList<OnnxNode> Fuse(
        IReadOnlyList<OnnxNode> nodes, IReadOnlyDictionary<string, OnnxConstant> constants, IEnumerable<string> outputs)
    {
        var writers = new Dictionary<string, OnnxNode>(StringComparer.Ordinal);
        var fusion = new OnnxFusion(new OnnxExpressions(writers, constants));
        var fused = new List<OnnxNode>(nodes.Count);
        foreach (var node in nodes)
        {
            // Each node sees the replacements of those before it.
            Write(node);
            var result = node.Domain.Length == 0 ? fusion.Replacement(node) ?? node : node;
            Write(result);
            fused.Add(result);
        }
        return Needed(fused, outputs);

        void Write(OnnxNode node)
        {
            foreach (var output in node.Outputs.Where(output => output.Length > 0))
                writers[output] = node;
        }
    }

    private static List<OnnxNode> Needed(List<OnnxNode> nodes, IEnumerable<string> outputs)
    {
        var wanted = outputs.ToHashSet(StringComparer.Ordinal);
        var needed = new List<OnnxNode>();
        foreach (var node in Enumerable.Reverse(nodes))
        {
            if (!node.Outputs.Any(wanted.Contains))
                continue;
            wanted.UnionWith(node.Inputs);
            needed.Add(node);
        }
        needed.Reverse();
        return needed;
    }

    private OnnxNode? Replacement(OnnxNode node)
    {
        if (node.Outputs.Count == 0)
            return null;
        return node.OpType switch
        {
            "Mul" or "Div" => Normalization(node) ?? Gated(node) ?? Limited(node),
            "Clip" or "Min" => Limited(node) ?? Rectified(node),
            "Add" or "Sub" => Limited(node),
            _ => null,
        };
    }

    // min(relu(x), 6)
    private OnnxNode? Rectified(OnnxNode node)
    {
        if (_expressions.Limits(node.Outputs[0]) is not (var source, <= 0, var high)
            || !double.IsFinite(high) || high <= 0 || _expressions.Writer(source) is not { OpType: "Relu", Domain: "" } relu)
            return null;
        return node.As("Clip", [relu.Inputs[0]], ("min", 0f), ("max", (float)high));
    }

    // clip(a x + b, 0, 6) / 6
    private OnnxNode? Limited(OnnxNode node)
    {
        var outer = _expressions.Affine(node.Outputs[0]);
        if (_expressions.Limits(outer.Root) is not (var source, var low, var high))
            return null;
        var inner = _expressions.Affine(source);
        var (alpha, beta) = (outer.Scale * inner.Scale, (outer.Scale * inner.Shift) + outer.Shift);
        var isSigmoid = Rounded(outer.At(low), 0)
            && Rounded(outer.At(high), 1) && outer.Scale > 0 && inner.Scale > 0 && !(Near(alpha, 1) && Near(beta, 0));
        return isSigmoid ? node.As("HardSigmoid", [inner.Root], ("alpha", (float)alpha), ("beta", (float)beta)) : null;
    }

    // a x * (b f(c x + d) + e), in any order and with factors anywhere
    private OnnxNode? Gated(OnnxNode node)
    {
        var outer = _expressions.Affine(node.Outputs[0]);
        if (!Near(outer.Shift, 0) || _expressions.Writer(outer.Root) is not { OpType: "Mul", Domain: "", Inputs.Count: 2 } product)
            return null;
        return Gated(node, outer.Scale, product.Inputs[0], product.Inputs[1])
            ?? Gated(node, outer.Scale, product.Inputs[1], product.Inputs[0]);
    }

    private OnnxNode? Gated(OnnxNode node, double scale, string factor, string gate)
    {
        var (x, outer) = (_expressions.Affine(factor), _expressions.Affine(gate));
        if (!Near(x.Shift, 0) || _expressions.Writer(outer.Root) is not { Domain: "", Inputs.Count: > 0 } function)
            return null;
        // The gate in effect: outer of f of inner of x.
        outer = outer with { Scale = outer.Scale * scale * x.Scale, Shift = outer.Shift * scale * x.Scale };
        if (function.OpType == "Tanh")
            return Tanh(node, x.Root, outer, function.Inputs[0]);
        if (_expressions.Limits(outer.Root) is (var limited, var low, var high))
        {
            var line = _expressions.Affine(limited);
            return line.Root == x.Root
                && Rounded(outer.At(low), 0)
                && Rounded(outer.At(high), 1) && Rounded(outer.Scale * line.Scale, 1 / 6.0) && Rounded(outer.At(line.Shift), 0.5)
                ? node.As("HardSwish", [x.Root]) : null;
        }
        var inner = _expressions.Affine(function.Inputs[0]);
        if (inner.Root != x.Root)
            return null;
        return function.OpType switch
        {
            "Sigmoid" when Near(outer.Scale, 1) && Near(outer.Shift, 0) && Near(inner.Shift, 0) && inner.Scale > 0 =>
                node.As("Swish", [x.Root], ("alpha", (float)inner.Scale)),
            "HardSigmoid" when Near(outer.Scale, 1) && Near(outer.Shift, 0) && IsHardSwish(function, inner) =>
                node.As("HardSwish", [x.Root]),
            "Erf" when Near(outer.Scale, 0.5) && Near(outer.Shift, 0.5) && Rounded(inner.Scale, Math.Sqrt(0.5)) && Near(inner.Shift, 0) =>
                node.As("Gelu", [x.Root]),
            _ => null,
        };
    }

    private static bool IsHardSwish(OnnxNode function, OnnxAffine inner) =>
        Rounded(function.GetFloat("alpha", 0.2f) * inner.Scale, 1 / 6.0)
            && Rounded((function.GetFloat("alpha", 0.2f) * inner.Shift) + function.GetFloat("beta", 0.5f), 0.5);

    private OnnxNode? Tanh(OnnxNode node, string x, OnnxAffine outer, string argument)
    {
        if (_expressions.Writer(argument) is { OpType: "Softplus", Domain: "" } softplus)
            return _expressions.Same(softplus.Inputs[0], x) && Near(outer.Scale, 1) && Near(outer.Shift, 0) ? node.As("Mish", [x]) : null;
        var scale = Math.Sqrt(2 / Math.PI);
        return Near(outer.Scale, 0.5)
            && Near(outer.Shift, 0.5) && _expressions.Polynomial(argument, x) is [var constant, var linear, var square, var cube]
            && Near(constant, 0)
                && Rounded(linear, scale)
                && Near(square, 0) && Rounded(cube, scale * 0.044715) ? node.As("Gelu", [x], ("approximate", "tanh")) : null;
    }

    // (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon)
    private OnnxNode? Normalization(OnnxNode node)
    {
        if (node.Inputs.Count != 2)
            return null;
        return node.OpType == "Div"
            ? Normalization(node, node.Inputs[0], node.Inputs[1], reciprocal: false)
            : Normalization(node, node.Inputs[0], node.Inputs[1], reciprocal: true)
                ?? Normalization(node, node.Inputs[1], node.Inputs[0], reciprocal: true);
    }

    private OnnxNode? Normalization(OnnxNode node, string centred, string deviation, bool reciprocal)
    {
        if (Centred(centred) is not (var x, var axes)
            || (reciprocal ? _expressions.InverseRoot(deviation) : _expressions.Root(deviation)) is not { } shifted)
            return null;
        var variance = _expressions.Affine(shifted);
        if (variance.Scale != 1 || variance.Shift < 0 || _expressions.Writer(variance.Root) is not { OpType: "ReduceMean", Domain: "" } mean
            || _expressions.Axes(mean) is not { } over || !over.SequenceEqual(axes) || mean.GetInt("keepdims", 1) == 0
            || _expressions.Square(mean.Inputs[0]) is not { } squared
                || Centred(squared) is not (var same, var sameAxes) || !_expressions.Same(x, same) || !sameAxes.SequenceEqual(axes))
        {
            return null;
        }
        return node.As(Normalize, [x], ("axes", axes), ("epsilon", (float)variance.Shift)).In(Domain);
    }

    private (string X, long[] Axes)? Centred(string value)
    {
        if (_expressions.Writer(value) is not { OpType: "Sub", Domain: "", Inputs.Count: 2 } difference
            || _expressions.Writer(difference.Inputs[1]) is not { OpType: "ReduceMean", Domain: "" } mean)
            return null;
        return _expressions.Same(mean.Inputs[0], difference.Inputs[0])
            && mean.GetInt("keepdims", 1) != 0 && _expressions.Axes(mean) is { } axes ? (difference.Inputs[0], axes) : null;
    }

    // Whether two numbers are equal within single precision, so that a factor or summand may be dropped.
    private static bool Near(double a, double b) => Math.Abs(a - b) <= 1e-5 * Math.Max(1e-2, Math.Abs(b));

    // Whether a number is a rounded form of another, such as 0.16667 for 1 / 6.
    private static bool Rounded(double a, double b) => Math.Abs(a - b) <= 1e-4 * Math.Max(1e-1, Math.Abs(b));
}
