using VizPipeline.Network.Formats;
using VizPipeline.Network.Import.Onnx;

namespace VizPipeline.Network.Graph;

/// <summary>
/// A network cannot be built: shapes that do not match, missing or invalid weights. The message is one line that names the node.
/// </summary>
public class GraphException : Exception
{
    /// <summary>Creates the exception for a fault at <paramref name="node"/>.</summary>
    public GraphException(string node, string fault)
        : base(HostileText.OneLine($"node '{HostileText.OneLine(node, 200)}': {fault}", 2000)) => Node = node;

    /// <summary>Name of the node at fault.</summary>
    public string Node { get; }
}

/// <summary>The model uses an operator, or a variant of one, that VizPipeline does not support.</summary>
public sealed class OperatorNotSupportedException : GraphException
{
    /// <summary>Creates the exception for an operator at <paramref name="node"/>.</summary>
    /// <param name="node">Name of the node.</param>
    /// <param name="operatorType">The operator's type, as the model names it.</param>
    /// <param name="variant">The unsupported variant of the operator, following "with"; null if the operator itself is unsupported.</param>
    public OperatorNotSupportedException(string node, string operatorType, string? variant = null)
        : base(node, Describe(operatorType, variant)) => OperatorType = operatorType;

    /// <summary>The ONNX operators that can be imported.</summary>
    public static IReadOnlyList<string> Supported => OnnxImporter.SupportedOperators;

    /// <summary>The operator's type, as the model names it.</summary>
    public string OperatorType { get; }

    private static string Describe(string operatorType, string? variant) =>
        $"operator '{HostileText.OneLine(operatorType, 100)}' is not supported"
        + $"{(variant is null ? "" : $" with {HostileText.OneLine(variant, 500)}")} (docs/networks.md lists those that are)";
}
