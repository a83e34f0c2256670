using VizPipeline.Network.Formats.Onnx;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>The table of supported operators. A new operator needs one line here.</summary>
internal sealed partial class OnnxImporter
{
    private delegate IReadOnlyList<OnnxView> Converter(OnnxImporter importer, OnnxNode node, string name);

    private static readonly Converter IntegerArithmetic = (_, node, _) =>
        throw Unsupported(node, "integer arithmetic; quantise the network in the QDQ format instead, or export it in float32");

    // By operator name, after its domain unless that is ONNX's own. Split has several results, the others one.
    private static readonly Dictionary<string, Converter> Converters = new()
    {
        ["Conv"] = One((importer, node, name) => importer.Conv(node, name)),
        ["ConvTranspose"] = One((importer, node, name) => importer.ConvTranspose(node, name)),
        ["Gemm"] = One((importer, node, name) => importer.Gemm(node, name)),
        ["MatMul"] = One((importer, node, name) => importer.MatMul(node, name)),
        ["MaxPool"] = One((importer, node, name) => importer.Pool(node, name)),
        ["AveragePool"] = One((importer, node, name) => importer.Pool(node, name)),
        ["LpPool"] = One((importer, node, name) => importer.Pool(node, name)),
        ["GlobalAveragePool"] = One((importer, node, name) => importer.GlobalPool(node, name)),
        ["GlobalMaxPool"] = One((importer, node, name) => importer.GlobalPool(node, name)),
        ["GlobalLpPool"] = One((importer, node, name) => importer.GlobalPool(node, name)),
        ["ReduceMean"] = One((importer, node, name) => importer.Reduce(node, name)),
        ["ReduceMax"] = One((importer, node, name) => importer.Reduce(node, name)),
        ["ReduceSum"] = One((importer, node, name) => importer.Reduce(node, name)),
        ["ReduceL1"] = One((importer, node, name) => importer.Reduce(node, name)),
        ["ReduceL2"] = One((importer, node, name) => importer.Reduce(node, name)),
        ["BatchNormalization"] = One((importer, node, name) => importer.BatchNormalization(node, name)),
        ["InstanceNormalization"] = One((importer, node, name) => importer.InstanceNormalization(node, name)),
        ["LayerNormalization"] = One((importer, node, name) => importer.LayerNormalization(node, name)),
        ["GroupNormalization"] = One((importer, node, name) => importer.GroupNormalization(node, name)),
        ["MeanVarianceNormalization"] = One((importer, node, name) => importer.NormalizeAxes(node, name)),
        ["LRN"] = One((importer, node, name) => importer.LocalResponse(node, name)),
        ["PRelu"] = One((importer, node, name) => importer.PRelu(node, name)),
        ["Clip"] = One((importer, node, name) => importer.Clip(node, name)),
        ["Pow"] = One((importer, node, name) => importer.Pow(node, name)),
        ["Add"] = One((importer, node, name) => importer.Arithmetic(node, name)),
        ["Sub"] = One((importer, node, name) => importer.Arithmetic(node, name)),
        ["Mul"] = One((importer, node, name) => importer.Arithmetic(node, name)),
        ["Div"] = One((importer, node, name) => importer.Arithmetic(node, name)),
        ["Max"] = One((importer, node, name) => importer.Arithmetic(node, name)),
        ["Min"] = One((importer, node, name) => importer.Arithmetic(node, name)),
        ["Sum"] = One((importer, node, name) => importer.Arithmetic(node, name)),
        ["Mean"] = One((importer, node, name) => importer.Arithmetic(node, name)),
        ["Neg"] = One((importer, node, name) => importer.Negate(node, name)),
        ["Pad"] = One((importer, node, name) => importer.Pad(node, name)),
        ["Resize"] = One((importer, node, name) => importer.Resize(node, name)),
        ["Upsample"] = One((importer, node, name) => importer.Resize(node, name)),
        ["Concat"] = One((importer, node, name) => importer.Concat(node, name)),
        ["Slice"] = One((importer, node, name) => importer.Slice(node, name)),
        ["Gather"] = One((importer, node, name) => importer.Gather(node, name)),
        ["SpaceToDepth"] = One((importer, node, name) => importer.SpaceToDepth(node, name)),
        ["Transpose"] = One((importer, node, name) => importer.Transpose(node, name)),
        ["Reshape"] = One((importer, node, name) => importer.Reshape(node, name)),
        ["Flatten"] = One((importer, node, name) => importer.Flatten(node, name)),
        ["Squeeze"] = One((importer, node, name) => importer.Squeeze(node, name)),
        ["Unsqueeze"] = One((importer, node, name) => importer.Unsqueeze(node, name)),
        ["Expand"] = One((importer, node, name) => importer.Expand(node, name)),
        ["Dropout"] = One((importer, node, name) => importer.Dropout(node, name)),
        ["Identity"] = One((importer, node, name) => importer.Pass(node, name)),
        ["Cast"] = One((importer, node, name) => importer.Cast(node, name)),
        ["CastLike"] = One((importer, node, name) => importer.Cast(node, name)),
        ["ArgMax"] = (importer, node, _) => importer.Ranked(node),
        ["TopK"] = (importer, node, _) => importer.Ranked(node),
        ["Softmax"] = One((importer, node, name) => importer.Softmax(node, name)),
        ["LogSoftmax"] = One((importer, node, name) => importer.LogSoftmax(node, name)),
        ["QuantizeLinear"] = One((importer, node, name) => importer.QuantizeLinear(node, name)),
        ["DequantizeLinear"] = One((importer, node, name) => importer.DequantizeLinear(node, name)),
        ["com.microsoft.FusedConv"] = One((importer, node, name) => importer.FusedConv(node, name)),
        ["com.microsoft.FastGelu"] = One((importer, node, name) => importer.FastGelu(node, name)),
        ["com.microsoft.QuantizeLinear"] = One((importer, node, name) => importer.QuantizeLinear(node, name)),
        ["com.microsoft.DequantizeLinear"] = One((importer, node, name) => importer.DequantizeLinear(node, name)),
        ["Split"] = (importer, node, name) => importer.Split(node, name),
        [$"{OnnxFusion.Domain}.{OnnxFusion.Normalize}"] = One((importer, node, name) => importer.NormalizeAxes(node, name)),

        ["Relu"] = Function(_ => new Relu()),
        ["LeakyRelu"] = Function(node => new LeakyRelu(node.GetFloat("alpha", 0.01f))),
        ["Sigmoid"] = Function(_ => new Sigmoid()),
        ["Tanh"] = Function(_ => new Tanh()),
        ["HardSigmoid"] = Function(node => new HardSigmoid(node.GetFloat("alpha", 0.2f), node.GetFloat("beta", 0.5f))),
        ["HardSwish"] = Function(_ => new HardSwish()),
        ["Swish"] = Function(node => new Silu(node.GetFloat("alpha", 1))),
        ["Gelu"] = Function(node => new Gelu(node.GetText("approximate", "none") == "tanh")),
        ["Mish"] = Function(_ => new Mish()),
        ["Elu"] = Function(node => new Elu(node.GetFloat("alpha", 1))),
        ["Selu"] = Function(node => new Elu(node.GetFloat("alpha", 1.67326319f), node.GetFloat("gamma", 1.05070102f))),
        ["Celu"] = Function(node => new Celu(node.GetFloat("alpha", 1))),
        ["Softplus"] = Function(_ => new Softplus()),
        ["Softsign"] = Function(_ => new Softsign()),
        ["Sqrt"] = Function(_ => new Power(0.5)),
        ["Reciprocal"] = Function(_ => new Power(-1)),
        ["Abs"] = Function(_ => new Absolute()),
        ["Exp"] = Function(_ => new Exponential()),
        ["Log"] = Function(_ => new Logarithm()),
        ["Erf"] = Function(_ => new ErrorFunction()),
        ["ThresholdedRelu"] = Function(node => new ThresholdedRelu(node.GetFloat("alpha", 1))),
        ["com.microsoft.Gelu"] = Function(_ => new Gelu()),
        ["com.microsoft.QuickGelu"] = Function(node => new Silu(node.GetFloat("alpha", 1.702f))),

        ["ConvInteger"] = IntegerArithmetic,
        ["DynamicQuantizeLinear"] = IntegerArithmetic,
        ["MatMulInteger"] = IntegerArithmetic,
        ["QLinearConv"] = IntegerArithmetic,
        ["QLinearMatMul"] = IntegerArithmetic,
    };

    /// <summary>Names of ONNX's own operators that can be imported, in ordinal order. Constant is read with the file.</summary>
    internal static IReadOnlyList<string> SupportedOperators { get; } =
    [
        .. Converters.Where(pair => pair.Value != IntegerArithmetic && !pair.Key.Contains('.')).Select(pair => pair.Key)
            .Append("Constant").Order(StringComparer.Ordinal),
    ];

    private static Converter One(Func<OnnxImporter, OnnxNode, string, OnnxView> convert) =>
        (importer, node, name) => [convert(importer, node, name)];

    private static Converter Function(Func<OnnxNode, Nonlinearity> create) =>
        One((importer, node, name) => importer.Elementwise(node, name, create(node)));
}
