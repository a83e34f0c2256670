namespace VizPipeline.Network.Formats.Numpy;

/// <summary>A NumPy element type: its name, the size of one element in bytes, and the number type (null for text).</summary>
internal sealed record NpyType(string Descr, int Size, ElementType? Number)
{
    private const int LongestText = 1 << 20;

    public static NpyType Parse(string descr, string file)
    {
        // The first character is the byte order: '|' if not applicable, '=' for the writer's native order.
        if (descr.StartsWith('>'))
        {
            throw new ModelFormatException(
                file, $"has the big-endian type {descr}", "store it as little-endian, for example x.astype('<f4')");
        }
        if (descr.Length >= 2 && descr[0] is '<' or '|' or '=')
        {
            if (FindNumber(descr[1..]) is { } number)
                return new NpyType(descr, number.Size(), number);
            if (descr[1] == 'U'
                && int.TryParse(descr.AsSpan(2), System.Globalization.NumberStyles.None, null, out var letters)
                && letters is > 0 and <= LongestText)
                return new NpyType(descr, 4 * letters, null);
        }
        throw new ModelFormatException(
            file,
            $"has elements of type '{descr}'; floats, integers, bool and text (U) are supported",
            "store it as one of these, for example x.astype('<f4')");
    }

    private static ElementType? FindNumber(string name) => name switch
    {
        "f4" => ElementType.F32,
        "f2" => ElementType.F16,
        "f8" => ElementType.F64,
        "i1" => ElementType.I8,
        "i2" => ElementType.I16,
        "i4" => ElementType.I32,
        "i8" => ElementType.I64,
        "u1" => ElementType.U8,
        "u2" => ElementType.U16,
        "u4" => ElementType.U32,
        "u8" => ElementType.U64,
        "b1" => ElementType.Bool,
        _ => null,
    };
}
