namespace VizPipeline.Network.Formats.Safetensors;

/// <summary>One tensor in a safetensors header.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Type">How its numbers are stored.</param>
/// <param name="Shape">Extents, outermost first; empty for a scalar.</param>
/// <param name="Offset">Where its bytes begin, counted from the file's first byte.</param>
/// <param name="ByteLength">How many bytes it has.</param>
public sealed record SafetensorsEntry(string Name, ElementType Type, IReadOnlyList<int> Shape, long Offset, long ByteLength);
