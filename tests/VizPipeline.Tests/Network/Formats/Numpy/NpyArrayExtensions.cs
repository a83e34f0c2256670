using System.Buffers.Binary;
using System.Text;
using VizPipeline.Network.Formats.Numpy;

namespace VizPipeline.Tests;

/// <summary>Reads what only the reference files contain: integers and text.</summary>
internal static class NpyArrayExtensions
{
    public static int[] ToInts(this NpyArray array)
    {
        var size = array.Count == 0 ? 1 : array.Data.Length / array.Count;
        var ints = new int[array.Count];
        for (var i = 0; i < ints.Length; i++)
        {
            var element = array.Data.Slice(i * size, size);
            ints[i] = array.DType[1..] switch
            {
                "u1" or "b1" => element[0],
                "i1" => (sbyte)element[0],
                "u2" => BinaryPrimitives.ReadUInt16LittleEndian(element),
                "i2" => BinaryPrimitives.ReadInt16LittleEndian(element),
                "i4" => BinaryPrimitives.ReadInt32LittleEndian(element),
                "u4" => checked((int)BinaryPrimitives.ReadUInt32LittleEndian(element)),
                "i8" => checked((int)BinaryPrimitives.ReadInt64LittleEndian(element)),
                _ => throw new NotSupportedException(array.DType),
            };
        }
        return ints;
    }

    public static string[] ToStrings(this NpyArray array)
    {
        if (!array.IsText)
            throw new NotSupportedException(array.DType);
        var size = array.Count == 0 ? 1 : array.Data.Length / array.Count;
        var texts = new string[array.Count];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = Encoding.UTF32.GetString(array.Data.Slice(i * size, size)).TrimEnd('\0');
        return texts;
    }
}
