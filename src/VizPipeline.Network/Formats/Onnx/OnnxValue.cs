namespace VizPipeline.Network.Formats.Onnx;

/// <summary>An input or output of the network.</summary>
/// <param name="Name">Its name in the graph.</param>
/// <param name="Type">Its element type; null for types that are not supported here, such as text.</param>
/// <param name="Shape">Extents, with -1 for unknown ones (batch size); null if the file does not declare a shape.</param>
internal sealed record OnnxValue(string Name, ElementType? Type, IReadOnlyList<int>? Shape);
