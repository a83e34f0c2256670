namespace VizPipeline.Tests.Network.Import.Onnx;

/// <summary>Random uses of each operator: every case adds nodes to a model and returns the name of its output.</summary>
internal static class OnnxCases
{
    public delegate string Case(OnnxModel model);

    public static readonly IReadOnlyDictionary<string, Case> All = new Dictionary<string, Case>
    {
        ["Conv"] = m => Convolution(m, dilated: true),
        ["Conv auto_pad"] = m => m.Conv(OnnxModel.Input, m.InputShape[1], 5, m.Random.Next(1, 5), ("auto_pad", Pick(
            m, "SAME_UPPER", "SAME_LOWER", "VALID")), ("strides", Pair(m, 1, 4))),
        ["ConvTranspose"] = Transposed,
        ["ConvTranspose output_shape"] = m => TransposedTo(m),
        ["MaxPool"] = m => m.Add("MaxPool", [Mixed(m)], m.Opset < 10 ? Window(m) : [.. Window(m), ("ceil_mode", m.Random.Next(2))]),
        ["MaxPool auto_pad"] = m => m.Add(
            "MaxPool", [Mixed(m)], ("kernel_shape", Pair(m, 2, 5)), ("strides", Pair(m, 1, 3)),
            ("auto_pad", Pick(m, "SAME_UPPER", "SAME_LOWER", "VALID"))),
        ["AveragePool"] = m => m.Add("AveragePool", [Mixed(m)], [.. Window(m, m.Opset >= 19), ("count_include_pad", m.Random.Next(2))]),
        ["AveragePool ceil_mode"] = m => !Since(m, 10) ? Mixed(m) : m.Add("AveragePool", [Mixed(m)], [.. Window(m), ("ceil_mode", 1)]),
        ["AveragePool beyond the map"] = m => !Since(m, 10)
            ? Mixed(m) : BeyondTheMap(m, "AveragePool", ("count_include_pad", m.Random.Next(2))),
        ["MaxPool beyond the map"] = m => !Since(m, 10) ? Mixed(m) : BeyondTheMap(m, "MaxPool"),
        ["AveragePool auto_pad"] = m => m.Add(
            "AveragePool", [Mixed(m)], ("kernel_shape", Pair(m, 2, 5)), ("strides", Pair(m, 1, 3)),
            ("auto_pad", Pick(m, "SAME_UPPER", "SAME_LOWER", "VALID"))),
        ["LpPool"] = m => m.Add("LpPool", [Mixed(m)], [.. Window(m, m.Opset >= 18), ("p", m.Random.Next(1, 4))]),
        ["GlobalAveragePool"] = m => m.Add("GlobalAveragePool", [Mixed(m)]),
        ["GlobalMaxPool"] = m => m.Add("GlobalMaxPool", [Mixed(m)]),
        ["GlobalLpPool"] = m => Since(m, 22) ? Mixed(m) : m.Add("GlobalLpPool", [Mixed(m)], ("p", m.Random.Next(1, 4))),
        ["ReduceMean"] = m => Reduced(m, "ReduceMean"),
        ["ReduceMax"] = m => Reduced(m, "ReduceMax"),
        ["ReduceSum"] = m => Reduced(m, "ReduceSum"),
        ["ReduceL1"] = m => Reduced(m, "ReduceL1", channels: false),
        ["ReduceL2"] = m => Reduced(m, "ReduceL2", channels: false),
        ["Relu"] = m => m.Add("Relu", [Mixed(m)]),
        ["LeakyRelu"] = m => m.Add("LeakyRelu", [Mixed(m)], ("alpha", 0.3f)),
        ["PRelu"] = m => m.Add("PRelu", [Mixed(m), m.Random.Next(2) == 0 ? m.Weight(4, 1, 1) : m.Weight(1)]),
        ["Elu"] = m => m.Add("Elu", [Mixed(m)], ("alpha", 0.7f)),
        ["Selu"] = m => m.Add("Selu", [Mixed(m)]),
        ["Celu"] = m => !Since(m, 12) ? Mixed(m) : m.Add("Celu", [Mixed(m)], ("alpha", 1.3f)),
        ["Sigmoid"] = m => m.Add("Sigmoid", [Mixed(m)]),
        ["Tanh"] = m => m.Add("Tanh", [Mixed(m)]),
        ["Softplus"] = m => m.Add("Softplus", [Mixed(m)]),
        ["Softsign"] = m => m.Add("Softsign", [Mixed(m)]),
        ["HardSigmoid"] = m => m.Add("HardSigmoid", [Mixed(m)], ("alpha", 0.3f), ("beta", 0.4f)),
        ["ThresholdedRelu"] = m => m.Add("ThresholdedRelu", [Mixed(m)], ("alpha", 0.4f)),
        ["Clip"] = m => m.Opset < 11 ? m.Add("Clip", [Mixed(m)], ("min", -0.3f), ("max", 0.9f)) : m.Add(
            "Clip", [Mixed(m), m.Random.Next(2) == 0 ? "" : m.Floats([-0.3f]), m.Floats([0.9f])]),
        ["HardSwish"] = m => Since(m, 14) ? m.Add("HardSwish", [Mixed(m)]) : Mixed(m),
        ["Mish"] = m => Since(m, 18) ? m.Add("Mish", [Mixed(m)]) : Mixed(m),
        ["Gelu"] = m => Since(m, 20) ? m.Add("Gelu", [Mixed(m)], ("approximate", Pick(m, "none", "tanh"))) : m.AddTo(
            "com.microsoft", "Gelu", [Mixed(m)], 1)[0],
        ["FusedConv"] = m => m.AddTo(
            "com.microsoft", "FusedConv", [Mixed(m), m.Weight(5, 4, 3, 3), m.Weight(5)], 1,
            ("activation", Pick(m, "Relu", "Sigmoid", "Tanh")))[0],
        ["FusedConv with parameters"] = m => m.AddTo(
            "com.microsoft", "FusedConv", [Mixed(m), m.Weight(5, 4, 1, 1)], 1, ("activation", "LeakyRelu"),
            ("activation_params", new[] { 0.3f }))[0],
        ["FusedConv with a sum"] = m => m.AddTo(
            "com.microsoft", "FusedConv", [Mixed(m), m.Weight(4, 4, 1, 1), m.Weight(4), Mixed(m)], 1, ("activation", "Relu"))[0],
        ["FastGelu"] = m => m.AddTo("com.microsoft", "FastGelu", [Mixed(m)], 1)[0],
        ["QuickGelu"] = m => m.AddTo("com.microsoft", "QuickGelu", [Mixed(m)], 1, ("alpha", 1.702f))[0],
        ["Pow"] = m => m.Add("Pow", [Mixed(m), m.Number(Pick(m, 1, 2, 3))]),
        ["generalised mean"] = m => m.Add("Pow", [m.Add("GlobalAveragePool", [m.Add("Pow", [Above(m), m.Number(3)])]), m.Number(1 / 3.0)]),
        ["Sqrt"] = m => m.Add("Sqrt", [Above(m)]),
        ["Log"] = m => m.Add("Log", [Above(m)]),
        ["Reciprocal"] = m => m.Add("Div", [m.Positive(4, 1, 1), m.Add("Reciprocal", [Above(m)])]),
        ["Abs"] = m => m.Add("Abs", [Mixed(m)]),
        ["Exp"] = m => m.Add("Exp", [Mixed(m)]),
        ["Erf"] = m => m.Opset >= 9 ? m.Add("Erf", [Mixed(m)]) : Mixed(m),
        ["Neg"] = m => m.Add("Neg", [Mixed(m)]),
        ["Add"] = m => Combined(m, "Add"),
        ["Sub"] = m => Combined(m, "Sub"),
        ["Mul"] = m => Combined(m, "Mul"),
        ["Div"] = m => Combined(m, "Div"),
        ["Max"] = m => m.Opset >= 8 ? Combined(m, "Max") : Mixed(m),
        ["Min"] = m => m.Opset >= 8 ? Combined(m, "Min") : Mixed(m),
        ["Sum"] = m => m.Add("Sum", [Mixed(m), Mixed(m), Mixed(m)]),
        ["Mean"] = m => m.Add("Mean", [Mixed(m), Mixed(m), Mixed(m)]),
        ["constants"] = WithConstants,
        ["BatchNormalization"] = m => m.Add(
            "BatchNormalization", [Mixed(m), m.Weight(4), m.Weight(4), m.Weight(4), m.Positive(4)], ("epsilon", 1e-3f)),
        ["InstanceNormalization"] = m => m.Add("InstanceNormalization", [Mixed(m), m.Weight(4), m.Weight(4)], ("epsilon", 1e-3f)),
        ["LayerNormalization"] = LayerNormalized,
        ["GroupNormalization"] = m => Since(m, 21) ? m.Add(
            "GroupNormalization", [Mixed(m), m.Weight(4), m.Weight(4)], ("num_groups", Pick(m, 1, 2, 4))) : GroupNormalized(m),
        ["MeanVarianceNormalization"] = m => m.Opset >= 9 ? m.Add(
            "MeanVarianceNormalization", [Mixed(m)], ("axes", Pick(m, [2, 3], [1], new[] { 1, 2, 3 }))) : Mixed(m),
        ["LRN"] = m => m.Add("LRN", [Mixed(m, 7)], ("size", Pick(m, 1, 3, 5)), ("alpha", 0.3f), ("beta", 0.6f), ("bias", 1.5f)),
        ["Pad"] = Padded,
        ["Resize"] = Resized,
        ["Upsample"] = m => m.Opset < 10
            ? m.Add(
                "Upsample",
                [Mixed(m), .. m.Opset < 9 ? (string[])[] : [m.Floats([1, 1, 2, 3], 4)]],
                [("mode", Pick(m, "nearest", "linear")),
                    .. m.Opset < 9 ? ((string, object)[])[("scales", new float[] { 1, 1, 2, 3 })] : []])
            : Mixed(m),
        ["Concat"] = m => m.Add("Concat", [Mixed(m, 3), Mixed(m, 2), Mixed(m, 4)], ("axis", Pick(m, 1, -3))),
        ["Split"] = Split,
        ["Slice"] = Sliced,
        ["Gather"] = m => m.Add("Gather", [Mixed(m, 6), m.Longs(Pick(m, [0, 2, 5], [-1, 1, 0], new long[] { 3, 3 }))], ("axis", 1)),
        ["SpaceToDepth"] = m => m.Add("SpaceToDepth", [Evened(m)], ("blocksize", 2)),
        ["Transpose"] = m => m.Add(
            "Transpose", [m.Add("Transpose", [Mixed(m)], ("perm", new[] { 0, 2, 3, 1 }))], ("perm", new[] { 0, 3, 1, 2 })),
        ["shuffle"] = Shuffled,
        ["split attention"] = SplitAttention,
        ["as_strided"] = m => m.InputShape[0] > 1
            ? Mixed(m)
            : m.Conv(
                m.Add("Gather", [
                    m.Add("Reshape", [m.Add("GlobalAveragePool", [Mixed(m)]), m.Longs(-1)]),
                    m.Tensor([.. Enumerable.Range(0, 4 * m.InputShape[0]).Select(i => (long)i)], m.InputShape[0], 4, 1, 1)]),
                4, 3),
        ["Gemm"] = FullyConnected,
        ["MatMul"] = m => m.Add("Add", [m.Add("MatMul", [Flat(m), m.Weight(4 * Pixels(m), 6)]), m.Weight(6)]),
        ["MatMul over channels"] = OverChannels,
        ["Softmax"] = m => Since(m, 13) ? m.Conv(m.Add("Softmax", [Mixed(m)], ("axis", Pick(m, 1, -3))), 4, 3) : Mixed(m),
        ["Shape chains"] = ShapeChain,
        ["Squeeze"] = Squeezed,
        ["Cast, Identity, Dropout"] = m => m.Add("Dropout", [m.Add("Identity", [m.Add("Cast", [Mixed(m)], ("to", 1))])]),
        ["folded constants"] = Folded,
    };

    private static bool Since(OnnxModel m, int opset) => m.Opset >= opset;

    private static T Pick<T>(OnnxModel m, params T[] choices) => choices[m.Random.Next(choices.Length)];

    private static int[] Pair(OnnxModel m, int low, int end) => [m.Random.Next(low, end), m.Random.Next(low, end)];

    private static int Pixels(OnnxModel m) => m.InputShape[2] * m.InputShape[3];

    /// <summary>Channels of mixed sign, each another.</summary>
    private static string Mixed(OnnxModel m, int channels = 4) => m.Conv(OnnxModel.Input, m.InputShape[1], channels);

    /// <summary>Values above 0.1.</summary>
    private static string Above(OnnxModel m) => m.Add("Add", [m.Add("Softplus", [Mixed(m)]), m.Number(0.1)]);

    private static string Evened(OnnxModel m) =>
        m.Add("AveragePool", [Mixed(m)], ("kernel_shape", new[] { m.InputShape[2] - 5, m.InputShape[3] - 3 }));

    private static string Flat(OnnxModel m) => m.Random.Next(2) == 0
        ? m.Add("Flatten", [Mixed(m)]) : m.Add("Reshape", [Mixed(m), m.Longs(Pick(m, [0, -1], new long[] { m.InputShape[0], -1 }))]);

    private static (string, object)[] Window(OnnxModel m, bool dilated = false)
    {
        var kernel = Pair(m, 2, 4);
        int[] pads = [.. kernel.Concat(kernel).Select(extent => m.Random.Next(extent))];
        (string, object)[] window = [("kernel_shape", kernel), ("strides", Pair(m, 1, 4)), ("pads", pads)];
        return dilated ? [.. window, ("dilations", Pair(m, 1, 3))] : window;
    }

    private static string Convolution(OnnxModel m, bool dilated)
    {
        var (groups, kernel) = (Pick(m, 1, 2, 3, 6), Pair(m, 1, 4));
        return m.Add("Conv", [Mixed(m, 6), m.Weight(12, 6 / groups, kernel[0], kernel[1]), .. m.Random.Next(
            2) == 0 ? (string[])[] : [m.Weight(12)]],
            ("group", groups), ("strides", Pair(m, 1, 4)),
            ("pads", new[] { m.Random.Next(4), m.Random.Next(4), m.Random.Next(4), m.Random.Next(4) }),
            ("dilations", dilated ? Pair(m, 1, 3) : [1, 1]));
    }

    private static string Transposed(OnnxModel m)
    {
        var (groups, kernel, strides, dilations) = (Pick(m, 1, 2), Pair(m, 1, 4), Pair(m, 1, 4), Pair(m, 1, 3));
        int[] extra = [m.Random.Next(strides[0]), m.Random.Next(strides[1])];
        (string, object) padding = m.Random.Next(3) == 0
            ? ("auto_pad", Pick(m, "SAME_UPPER", "SAME_LOWER", "VALID"))
            : ("pads", new[] { m.Random.Next(2), m.Random.Next(2), m.Random.Next(2), m.Random.Next(2) });
        return m.Add(
            "ConvTranspose", [Mixed(m), m.Weight(4, 6 / groups, kernel[0] + 1, kernel[1] + 1), m.Weight(6)],
            ("group", groups), ("strides", strides), ("dilations", dilations), ("output_padding", extra), padding);
    }

    private static string BeyondTheMap(OnnxModel m, string pool, params (string, object)[] attributes)
    {
        var kernel = m.Random.Next(40, 70);
        return m.Add(
            pool, [Mixed(m)],
            [("kernel_shape", new[] { kernel, kernel }), ("strides", new[] { kernel, kernel }), ("ceil_mode", 1), .. attributes]);
    }

    private static string TransposedTo(OnnxModel m)
    {
        var strides = Pair(m, 2, 4);
        return m.Add("ConvTranspose", [Mixed(m), m.Weight(4, 3, 3, 3)], ("strides", strides),
            ("output_shape",
                new[] { (m.InputShape[2] * strides[0]) - m.Random.Next(2), (m.InputShape[3] * strides[1]) - m.Random.Next(2) }),
            ("auto_pad", Pick(m, "NOTSET", "SAME_UPPER", "SAME_LOWER")));
    }

    private static string Reduced(OnnxModel m, string type, bool channels = true)
    {
        int[] axes = channels ? Pick(m, [2, 3], [-1, -2], [2], [3], [1], new[] { 1, 2, 3 }) : Pick(m, [2, 3], [2], new[] { -1 });
        var asInput = m.Opset >= 18 || (type == "ReduceSum" && m.Opset >= 13);
        var keep = ("keepdims", (object)(axes.Length == 3 ? 1 : m.Random.Next(2)));
        return asInput ? m.Add(type, [Mixed(m), m.Longs([.. axes.Select(axis => (long)axis)])], keep) : m.Add(
            type, [Mixed(m)], ("axes", axes), keep);
    }

    private static string Combined(OnnxModel m, string type)
    {
        var (one, other) = (Mixed(m), Other(m));
        if (type == "Div")
            return m.Add(type, [one, m.Add("Add", [m.Add("Sigmoid", [other]), m.Number(0.5)])]);
        return m.Random.Next(2) == 0 ? m.Add(type, [one, other]) : m.Add(type, [other, one]);
    }

    private static string Other(OnnxModel m) => m.Random.Next(5) switch
    {
        0 => Mixed(m),
        1 => Mixed(m, 1),
        2 => m.Add("GlobalAveragePool", [Mixed(m)]),
        3 => m.Add("Reshape", [m.Add(
            "Gemm", [m.Add("Flatten", [m.Add("GlobalAveragePool", [Mixed(m)])]), m.Weight(4, 4), m.Weight(4)]), m.Longs(0, -1, 1, 1)]),
        _ => m.Add("MaxPool", [Mixed(m)], ("kernel_shape", new[] { m.InputShape[2], 1 })),
    };

    private static string WithConstants(OnnxModel m)
    {
        var x = Mixed(m);
        for (var i = 0; i < 3; i++)
        {
            var constant = m.Random.Next(3) switch { 0 => m.Positive(4, 1, 1), 1 => m.Positive(1, 4, 1, 1), _ => m.Positive(1) };
            x = m.Random.Next(6) switch
            {
                0 => m.Add("Add", [constant, x]),
                1 => m.Add("Sub", [x, constant]),
                2 => m.Add("Sub", [constant, x]),
                3 => m.Add("Mul", [x, constant]),
                4 => m.Add("Div", [x, constant]),
                _ => m.Opset >= 8 ? m.Add(Pick(m, "Max", "Min"), [x, m.Floats([0.3f])]) : x,
            };
        }
        return x;
    }

    private static string LayerNormalized(OnnxModel m)
    {
        if (m.Opset < 17)
            return Mixed(m);
        if (m.Random.Next(3) == 0)
            return m.Add("LayerNormalization", [Flat(m), m.Weight(4 * Pixels(m)), m.Weight(4 * Pixels(m))], ("epsilon", 1e-3f));
        var last = m.Add("Transpose", [Mixed(m)], ("perm", new[] { 0, 2, 3, 1 }));
        var normal = m.Add(
            "LayerNormalization",
            [last, m.Weight(4), .. m.Random.Next(2) == 0 ? (string[])[] : [m.Weight(4)]],
            ("axis", Pick(m, 3, -1)), ("epsilon", 1e-3f));
        return m.Add("Transpose", [normal], ("perm", new[] { 0, 3, 1, 2 }));
    }

    // As PyTorch's exporter writes nn.GroupNorm.
    private static string GroupNormalized(OnnxModel m)
    {
        var (groups, x) = (Pick(m, 1, 2, 4), Mixed(m));
        var grouped = m.Add("Reshape", [x, m.Longs(0, groups, -1)]);
        var normal = m.Add("InstanceNormalization", [grouped, m.Floats([.. Enumerable.Repeat(1f, groups)], groups), m.Floats(
            new float[groups], groups)], ("epsilon", 1e-3f));
        var back = m.Add("Reshape", [normal, m.Add("Shape", [x])]);
        return m.Add("Add", [m.Add("Mul", [back, m.Weight(4, 1, 1)]), m.Weight(4, 1, 1)]);
    }

    private static string Padded(OnnxModel m)
    {
        var mode = Pick(m, "constant", "constant", "reflect", "edge");
        long[] pads = [0, 0, m.Random.Next(4), m.Random.Next(4), 0, 0, m.Random.Next(4), m.Random.Next(4)];
        if (mode == "constant" && m.Random.Next(3) == 0)
            (pads[2], pads[7]) = (-1, -2);
        if (mode == "constant" && m.Random.Next(4) == 0)
            (pads[1], pads[5]) = (1, 2);
        var value = pads[1] == 0 ? m.Random.Next(2) * 0.7f : 0;
        return m.Opset < 11 ? m.Add("Pad", [Mixed(m)], ("mode", mode), ("pads", pads), ("value", value)) : m.Add(
            "Pad", [Mixed(m), m.Longs(pads), m.Floats([value])], ("mode", mode));
    }

    private static string Resized(OnnxModel m)
    {
        if (m.Opset < 10)
            return Mixed(m);
        float[] scales = [1, 1, Pick(m, 2f, 1.5f, 0.6f, 3f), Pick(m, 2f, 1f, 0.5f)];
        if (m.Opset == 10)
            return m.Add("Resize", [Mixed(m), m.Floats(scales, 4)], ("mode", Pick(m, "nearest", "linear")));
        var mode = Pick(m, "nearest", "linear", "cubic");
        (string, object)[] attributes =
        [
            ("mode", mode), ("coordinate_transformation_mode", Pick(m, "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")),
            .. mode == "nearest" ? ((string, object)[])[("nearest_mode", Pick(
                m, "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"))] : [],
        ];
        return m.Random.Next(2) == 0
            ? m.Add("Resize", [Mixed(m), m.Floats([], 0), m.Floats(scales, 4)], attributes)
            : m.Add("Resize", [Mixed(m), m.Floats([], 0), m.Floats([], 0), m.Longs(
                m.InputShape[0], 4, m.Random.Next(3, 17), m.Random.Next(3, 17))], attributes);
    }

    private static string Split(OnnxModel m)
    {
        var x = Mixed(m, 6);
        var parts = m.Opset < 13
            ? m.AddTo("", "Split", [x], 3, ("axis", 1), ("split", new[] { 1, 3, 2 }))
            : m.Random.Next(2) == 0 ? m.AddTo("", "Split", [x, m.Longs(1, 3, 2)], 3, ("axis", -3))
            : m.AddTo("", "Split", [x], 3, m.Opset >= 18 ? [("axis", 1), ("num_outputs", 3)] : [("axis", 1)]);
        return m.Add("Concat", [parts[2], parts[0], m.Add("Sigmoid", [parts[1]])], ("axis", 1));
    }

    private static string Sliced(OnnxModel m)
    {
        var x = Mixed(m, 6);
        if (m.Opset < 10)
            return m.Add("Slice", [x], ("axes", new[] { 1, 3 }), ("starts", new[] { 1, 1 }), ("ends", new[] { 5, -2 }));
        return m.Random.Next(4) switch
        {
            0 => m.Add("Slice", [x, m.Longs(1), m.Longs(long.MaxValue), m.Longs(1), m.Longs(2)]),
            1 => m.Add("Slice", [x, m.Longs(-1), m.Longs(long.MinValue), m.Longs(1), m.Longs(-1)]),
            2 => m.Add("Slice", [x, m.Longs(1, 0), m.Longs(int.MaxValue, -1), m.Longs(2, -1), m.Longs(2, 3)]),
            _ => m.Add("Slice", [x, m.Longs(0, 2), m.Longs(10, 4), m.Longs(0, 1)]),
        };
    }

    private static string Shuffled(OnnxModel m)
    {
        var (n, h, w) = (m.InputShape[0], m.InputShape[2], m.InputShape[3]);
        var x = Mixed(m, 6);
        if (m.Random.Next(2) == 0)
        {
            // torchvision
            var split = m.Add("Reshape", [x, m.Longs(n, 2, 3, h, w)]);
            return m.Add("Reshape", [m.Add("Transpose", [split], ("perm", new[] { 0, 2, 1, 3, 4 })), m.Longs(n, -1, h, w)]);
        }
        // the paper's authors: even and odd channels
        var pairs = m.Add("Transpose", [m.Add("Reshape", [x, m.Longs(n * 3, 2, h * w)])], ("perm", new[] { 1, 0, 2 }));
        var halves = m.Add("Reshape", [pairs, m.Longs(2, -1, 3, h, w)]);
        var index = m.Random.Next(2);
        var (one, other) = (m.Add("Gather", [halves, m.Longs(index)], ("axis", 0)), m.Add(
            "Gather", [halves, m.Longs(1 - index)], ("axis", 0)));
        return m.Add("Concat", [Dropped(one), m.Add("Relu", [Dropped(other)])], ("axis", 1));

        string Dropped(string value) => m.Opset < 13 ? m.Add("Squeeze", [value], ("axes", new[] { 0 })) : m.Add(
            "Squeeze", [value, m.Longs(0)]);
    }

    // As in ResNeSt and SKNet: which of two branches counts, for each channel.
    private static string SplitAttention(OnnxModel m)
    {
        var (n, h, w) = (m.InputShape[0], m.InputShape[2], m.InputShape[3]);
        var over = m.Opset < 13 ? (Func<string, string>)(x => m.Add("ReduceSum", [x], ("axes", new[] { 1 }), ("keepdims", 0))) : x => m.Add(
            "ReduceSum", [x, m.Longs(1)], ("keepdims", 0));
        var branches = m.Random.Next(2) == 0
            ? m.Add("Reshape", [Mixed(m, 6), m.Longs(n, 2, 3, h, w)]) : m.Add(
                "Concat", [Raised(Mixed(m, 3)), Raised(Mixed(m, 3))], ("axis", 1));
        var pooled = m.Add("GlobalAveragePool", [over(branches)]);
        var split = m.Add("Reshape", [m.Conv(pooled, 3, 6), m.Longs(n, 2, 3, 1, 1)]);
        // Before operator set 13 softmax is over all that follows.
        var gate = m.Opset < 13 ? m.Add("Sigmoid", [split]) : m.Add("Softmax", [split], ("axis", 1));
        return over(m.Add("Mul", [branches, gate]));

        string Raised(string x) => m.Opset < 13 ? m.Add("Unsqueeze", [x], ("axes", new[] { 1 })) : m.Add("Unsqueeze", [x, m.Longs(1)]);
    }

    private static string FullyConnected(OnnxModel m)
    {
        var inputs = 4 * Pixels(m);
        var (turned, bias) = (m.Random.Next(2), m.Random.Next(3) switch { 0 => m.Weight(6), 1 => m.Weight(1, 6), _ => m.Weight(1) });
        return m.Add(
            "Gemm", [Flat(m), turned == 1 ? m.Weight(6, inputs) : m.Weight(inputs, 6), bias],
            ("transB", turned), ("alpha", 0.5f), ("beta", 2f));
    }

    private static string OverChannels(OnnxModel m)
    {
        var last = m.Add("Transpose", [Mixed(m)], ("perm", new[] { 0, 2, 3, 1 }));
        var wide = m.Add("Relu", [m.Add("Add", [m.Add("MatMul", [last, m.Weight(4, 7)]), m.Weight(7)])]);
        var scaled = m.Add("Mul", [m.Add("MatMul", [wide, m.Weight(7, 5)]), m.Weight(5)]);
        return m.Add("Transpose", [scaled], ("perm", new[] { 0, 3, 1, 2 }));
    }

    private static string ShapeChain(OnnxModel m)
    {
        var x = Mixed(m);
        var batch = m.Add("Gather", [m.Add("Shape", [x]), m.Longs(0)]);
        var shape = m.Add("Concat", [batch, m.Longs(-1)], ("axis", 0));
        return m.Add("Gemm", [m.Add("Reshape", [x, shape]), m.Weight(4 * Pixels(m), 3), m.Weight(3)]);
    }

    private static string Squeezed(OnnxModel m)
    {
        var pooled = m.Add("GlobalAveragePool", [Mixed(m)]);
        var vector = m.Opset < 13 ? m.Add("Squeeze", [pooled], ("axes", new[] { 2, 3 })) : m.Add("Squeeze", [pooled, m.Longs(-1, -2)]);
        var product = m.Add("Gemm", [vector, m.Weight(4, 5), m.Weight(5)]);
        var map = m.Opset < 13 ? m.Add("Unsqueeze", [product], ("axes", new[] { 2, 3 })) : m.Add("Unsqueeze", [product, m.Longs(2, 3)]);
        return m.Add("Add", [m.Conv(map, 5, 3), m.Conv(OnnxModel.Input, m.InputShape[1], 3)]);
    }

    private static string Folded(OnnxModel m)
    {
        var limited = m.Add(
            m.Opset < 11 ? "Add" : "Clip", m.Opset < 11 ? [m.Positive(4), m.Number(1e-3)] : [m.Positive(4), m.Number(0.8), ""]);
        var root = m.Add("Sqrt", [m.Add("Add", [limited, m.Number(1e-3)])]);
        var scale = m.Add("Reshape", [m.Add("Div", [m.Weight(4), root]), m.Longs(4, 1, 1)]);
        var weight = m.Add("Mul", [m.Weight(4, m.InputShape[1], 3, 3), m.Add(
            "Unsqueeze", m.Opset < 13 ? [scale] : [scale, m.Longs(3)], m.Opset < 13 ? [("axes", new[] { 3 })] : [])]);
        return m.Add("Mul", [m.Add("Conv", [OnnxModel.Input, weight]), scale]);
    }
}
