using VizPipeline.Network.Formats;

namespace VizPipeline.Network.Graph;

/// <summary>A network that cannot be built: shapes that do not fit, missing or odd weights. The message is one line that names the node.</summary>
public class GraphException : Exception
{
    /// <summary>A fault at <paramref name="node"/>.</summary>
    public GraphException(string node, string fault) : base(HostileText.OneLine($"node '{HostileText.OneLine(node, 200)}': {fault}", 2000)) => Node = node;

    /// <summary>Name of the node at fault.</summary>
    public string Node { get; }
}

/// <summary>The model uses an operator (or a variant of one) that VizPipeline does not know.</summary>
public sealed class OperatorNotSupportedException : GraphException
{
    /// <summary>Operator types that the importers know, for the message.</summary>
    public static IReadOnlyList<string> Supported { get; } =
    [
        "Abs", "Add", "AveragePool", "BatchNormalization", "Cast", "Celu", "Clip", "Concat", "Constant", "Conv", "ConvTranspose", "DequantizeLinear",
        "Div", "Dropout", "Elu", "Erf", "Exp", "Expand", "Flatten", "Gather", "Gelu", "Gemm", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool",
        "GroupNormalization", "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization", "LRN", "LayerNormalization", "LeakyRelu", "Log",
        "LogSoftmax", "LpPool", "MatMul", "Max", "MaxPool", "Mean", "MeanVarianceNormalization", "Min", "Mish", "Mul", "Neg", "PRelu", "Pad", "Pow",
        "QuantizeLinear", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceSum", "Relu", "Reshape", "Resize", "Selu",
        "Sigmoid", "Slice", "Softmax", "Softplus", "Softsign", "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Swish", "Tanh",
        "ThresholdedRelu", "Transpose", "Unsqueeze", "Upsample",
        "and chains of constants",
    ];

    /// <summary>Operator <paramref name="operatorType"/> at <paramref name="node"/>, with what exactly is not supported.</summary>
    public OperatorNotSupportedException(string node, string operatorType, string? variant = null)
        : base(node, $"operator '{HostileText.OneLine(operatorType, 100)}' {(variant is null ? "is not supported" : $"is not supported with {HostileText.OneLine(variant, 500)}")}; "
            + $"supported are {string.Join(", ", Supported)}. `--layers` cannot route around it: export the network without it")
        => OperatorType = operatorType;

    /// <summary>The operator's type, as the model names it.</summary>
    public string OperatorType { get; }
}
