using VizPipeline.Network.Formats.Onnx;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>Elementwise functions and reductions of constants. Integers stay integers.</summary>
internal static class OnnxConstantMath
{
    public static OnnxConstant? Apply(string type, OnnxConstant value, string name)
    {
        if (value.Longs is { } longs)
        {
            Func<long, long>? whole = type switch
            {
                "Neg" => a => unchecked(-a),
                "Abs" => a => a < 0 ? unchecked(-a) : a,
                "Not" => a => a == 0 ? 1 : 0,
                "Floor" or "Ceil" or "Round" => a => a,
                _ => null,
            };
            return whole is null ? null : value with { Longs = [.. longs.Select(whole)] };
        }
        Func<double, double>? function = type switch
        {
            "Neg" => a => -a,
            "Abs" => Math.Abs,
            "Floor" => Math.Floor,
            "Ceil" => Math.Ceiling,
            "Round" => a => Math.Round(a, MidpointRounding.ToEven),
            "Sqrt" => Math.Sqrt,
            "Exp" => Math.Exp,
            "Log" => Math.Log,
            "Reciprocal" => a => 1 / a,
            "Sigmoid" => a => 1 / (1 + Math.Exp(-a)),
            "Tanh" => Math.Tanh,
            "Relu" => a => Math.Max(0, a),
            "Softplus" => a => Math.Log(1 + Math.Exp(a)),
            _ => null,
        };
        return function is null ? null : OnnxConstant.From(name, value.Shape, [.. value.Floats!.Values.Select(a => (float)function(a))]);
    }

    public static OnnxConstant? Clip(OnnxNode node, OnnxConstant value, IReadOnlyList<OnnxConstant?> inputs, string name)
    {
        var low = inputs.ElementAtOrDefault(1) is { } given ? given.Scalar : node.GetFloat("min", float.NegativeInfinity);
        var high = inputs.ElementAtOrDefault(2) is { } limit ? limit.Scalar : node.GetFloat("max", float.PositiveInfinity);
        if (low is not { } min || high is not { } max)
            return null;
        return value.Longs is { } longs
            ? value with { Longs = [.. longs.Select(number => number < min ? (long)min : number > max ? (long)max : number)] }
            : OnnxConstant.From(name, value.Shape, [.. value.Floats!.Values.Select(number => (float)Math.Min(Math.Max(number, min), max))]);
    }

    public static OnnxConstant? Combine(string type, OnnxConstant a, OnnxConstant b, int[] shape, string name)
    {
        var (left, right) = (OnnxShapes.BroadcastPlaces(a.Shape, shape), OnnxShapes.BroadcastPlaces(b.Shape, shape));
        if (Compare(type) is { } relation)
            return new(shape, [.. left.Select((place, i) => relation(a.At(place), b.At(right[i])) ? 1L : 0L)]);
        if (a.Longs is { } longs && b.Longs is { } others)
            return Whole(type) is { } whole ? new(shape, [.. left.Select((place, i) => whole(longs[place], others[right[i]]))]) : null;
        return Floating(type) is { } floating
            ? OnnxConstant.From(name, shape, [.. left.Select((place, i) => (float)floating(a.At(place), b.At(right[i])))]) : null;
    }

    public static OnnxConstant? Reduce(OnnxNode node, OnnxConstant value, IReadOnlyList<long>? axes, string name)
    {
        var rank = value.Shape.Length;
        if (axes is { Count: 0 } or null)
            axes = node.GetInt("noop_with_empty_axes", 0) != 0 ? [] : [.. Enumerable.Range(0, rank).Select(axis => (long)axis)];
        if (OnnxShapes.Axes(axes, rank) is not { } gone || Reduction(node.OpType) is not { } reduction)
            return null;
        int[] kept = [.. value.Shape.Select((extent, i) => gone.Contains(i) ? 1 : extent)];
        var groups = new List<double>[OnnxShapes.Count(kept)!.Value];
        var strides = OnnxShapes.Strides(kept);
        var places = OnnxShapes.Places(value.Shape, [.. strides.Select((stride, i) => gone.Contains(i) ? 0 : stride)], 0);
        for (var i = 0; i < places.Length; i++)
            (groups[places[i]] ??= []).Add(value.At(i));
        if (groups.Contains(null!))
            return null;
        int[] shape = node.GetInt("keepdims", 1) != 0 ? kept : [.. value.Shape.Where((_, i) => !gone.Contains(i))];
        return value.Longs is not null
            ? new(shape, [.. groups.Select(group => (long)reduction(group))])
                : OnnxConstant.From(name, shape, [.. groups.Select(group => (float)reduction(group))]);
    }

    private static Func<double, double, bool>? Compare(string type) => type switch
    {
        "Equal" => (a, b) => a == b,
        "Less" => (a, b) => a < b,
        "LessOrEqual" => (a, b) => a <= b,
        "Greater" => (a, b) => a > b,
        "GreaterOrEqual" => (a, b) => a >= b,
        "And" => (a, b) => a != 0 && b != 0,
        "Or" => (a, b) => a != 0 || b != 0,
        _ => null,
    };

    private static Func<long, long, long>? Whole(string type) => type switch
    {
        "Add" or "Sum" => (a, b) => unchecked(a + b),
        "Sub" => (a, b) => unchecked(a - b),
        "Mul" => (a, b) => unchecked(a * b),
        "Div" => (a, b) => b is 0 ? 0 : b == -1 ? unchecked(-a) : a / b,
        "Mod" => (a, b) => b is 0 or -1 ? 0 : ((a % b) + b) % b,
        "Min" => Math.Min,
        "Max" => Math.Max,
        "Pow" => (a, b) => (long)Math.Pow(a, b),
        _ => null,
    };

    private static Func<double, double, double>? Floating(string type) => type switch
    {
        "Add" or "Sum" => (a, b) => a + b,
        "Sub" => (a, b) => a - b,
        "Mul" => (a, b) => a * b,
        "Div" => (a, b) => a / b,
        "Min" => Math.Min,
        "Max" => Math.Max,
        "Pow" => Math.Pow,
        _ => null,
    };

    private static Func<List<double>, double>? Reduction(string type) => type switch
    {
        "ReduceProd" => group => group.Aggregate(1.0, (product, value) => product * value),
        "ReduceSum" => group => group.Sum(),
        "ReduceMean" => group => group.Average(),
        "ReduceMax" => group => group.Max(),
        "ReduceMin" => group => group.Min(),
        "ReduceL2" => group => Math.Sqrt(group.Sum(value => value * value)),
        _ => null,
    };
}
