namespace VizPipeline.Network.Formats.Onnx;

/// <summary>ONNX's type codes of elements.</summary>
internal static class OnnxTypes
{
    public static ElementType? Find(long number) => number switch
    {
        1 => ElementType.F32,
        2 => ElementType.U8,
        3 => ElementType.I8,
        4 => ElementType.U16,
        5 => ElementType.I16,
        6 => ElementType.I32,
        7 => ElementType.I64,
        9 => ElementType.Bool,
        10 => ElementType.F16,
        11 => ElementType.F64,
        12 => ElementType.U32,
        13 => ElementType.U64,
        16 => ElementType.BF16,
        _ => null,
    };

    /// <summary>Returns the type's name for messages, also for types that are not supported.</summary>
    public static string NameOf(long number) => Find(number)?.ToString() ?? number switch
    {
        8 => "text",
        14 or 15 => "complex number",
        >= 17 and <= 20 => "8-bit float",
        21 or 22 => "4-bit integer",
        _ => $"type {number}",
    };
}
