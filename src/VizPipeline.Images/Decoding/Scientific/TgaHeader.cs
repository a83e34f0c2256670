using System.Buffers.Binary;

namespace VizPipeline.Images.Scientific;

/// <summary>Checks TGA files before they are decoded. They have no signature, so every field must be plausible.</summary>
internal static class TgaHeader
{
    private const int Length = 18;
    private const int RunLengthFlag = 8;

    /// <exception cref="RefusedHeaderException">The header is invalid, or the file has fewer pixels than it claims.</exception>
    public static CheckedHeader Check(ReadOnlySpan<byte> file)
    {
        if (file.Length < Length)
            throw new RefusedHeaderException(RefusedHeaderException.Damaged);
        var (hasPalette, type, depth) = (file[1], file[2], file[16]);
        var (paletteLength, paletteDepth) = (BinaryPrimitives.ReadUInt16LittleEndian(file[5..]), file[7]);
        var (width, height) = (BinaryPrimitives.ReadUInt16LittleEndian(file[12..]), BinaryPrimitives.ReadUInt16LittleEndian(file[14..]));
        var isKnown = (type & ~RunLengthFlag) switch
        {
            1 => hasPalette == 1 && depth == 8 && paletteLength > 0 && paletteDepth is 15 or 16 or 24 or 32,
            2 => hasPalette is 0 or 1 && depth is 15 or 16 or 24 or 32,
            3 => hasPalette == 0 && depth == 8,
            _ => false,
        };
        if (!isKnown || width == 0 || height == 0)
            throw new RefusedHeaderException(RefusedHeaderException.Damaged);
        var pixelBytes = (depth + 7) / 8;
        var start = Length + file[0] + (hasPalette == 1 ? paletteLength * ((paletteDepth + 7) / 8) : 0);
        if (start > file.Length)
            throw new RefusedHeaderException(RefusedHeaderException.CutShort);
        var pixels = (long)width * height;
        var isWhole = (type & RunLengthFlag) == 0
            ? file.Length - start >= pixels * pixelBytes
            : HasRuns(file[start..], pixels, pixelBytes);
        return isWhole ? new(width, height) : throw new RefusedHeaderException(RefusedHeaderException.CutShort);
    }

    private static bool HasRuns(ReadOnlySpan<byte> data, long pixels, int pixelBytes)
    {
        for (var at = 0L; pixels > 0;)
        {
            if (at >= data.Length)
                return false;
            var count = (data[(int)at] & 0x7F) + 1;
            at += 1 + ((data[(int)at] & 0x80) != 0 ? pixelBytes : (long)count * pixelBytes);
            if (at > data.Length)
                return false;
            pixels -= count;
        }
        return true;
    }
}
