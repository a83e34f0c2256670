namespace VizPipeline.Network.Formats.Onnx;

/// <summary>An input or output of the network.</summary>
/// <param name="Name">Its name in the graph.</param>
/// <param name="Type">How its numbers are meant; null for types that are not read here, as text.</param>
/// <param name="Shape">Extents, with -1 for those that are open (batch size); null where the file does not say.</param>
public sealed record OnnxValue(string Name, ElementType? Type, IReadOnlyList<int>? Shape);
