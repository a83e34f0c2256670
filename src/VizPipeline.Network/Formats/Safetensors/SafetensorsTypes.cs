namespace VizPipeline.Network.Formats.Safetensors;

/// <summary>The format's names of number types, and the C# types that hold them unchanged.</summary>
internal static class SafetensorsTypes
{
    private static readonly Dictionary<string, ElementType> ByName
        = Enum.GetValues<ElementType>().ToDictionary(NameOf, type => type, StringComparer.Ordinal);

    public static string NameOf(ElementType type) => type == ElementType.Bool ? "BOOL" : type.ToString();

    public static ElementType? Find(string name) => ByName.TryGetValue(name, out var type) ? type : null;

    public static string All => string.Join(", ", ByName.Keys);

    /// <summary>Whether an array of <typeparamref name="T"/> can hold the numbers bit for bit.</summary>
    public static bool Holds<T>(ElementType type) where T : unmanaged => type switch
    {
        ElementType.F32 => typeof(T) == typeof(float),
        ElementType.F16 => typeof(T) == typeof(Half),
        ElementType.F64 => typeof(T) == typeof(double),
        ElementType.I8 => typeof(T) == typeof(sbyte),
        ElementType.I16 => typeof(T) == typeof(short),
        ElementType.I32 => typeof(T) == typeof(int),
        ElementType.I64 => typeof(T) == typeof(long),
        ElementType.U8 or ElementType.Bool => typeof(T) == typeof(byte),
        ElementType.U16 => typeof(T) == typeof(ushort),
        ElementType.U32 => typeof(T) == typeof(uint),
        ElementType.U64 => typeof(T) == typeof(ulong),
        _ => false,
    };
}
