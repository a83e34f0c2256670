using System.Runtime.Intrinsics;

namespace VizPipeline.Images;

/// <summary>Converts between Skia's four bytes per pixel and our three.</summary>
internal static class RgbPacking
{
    /// <summary>Packs R, G, B of every four-byte pixel at the start of the same buffer; the rest is undefined.</summary>
    public static void DropFourth(Span<byte> rgbx)
    {
        var order = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255);
        int from = 0, to = 0;
        // Sixteen bytes are written where twelve count. That is safe because writing never overtakes reading: the first four pixels are
        // read completely before their sixteen bytes are written, and from then on the distance grows.
        for (; from + 16 <= rgbx.Length; from += 16, to += 12)
            Vector128.Shuffle(Vector128.Create<byte>(rgbx.Slice(from, 16)), order).CopyTo(rgbx[to..]);
        for (; from < rgbx.Length; from += 4, to += 3)
            (rgbx[to], rgbx[to + 1], rgbx[to + 2]) = (rgbx[from], rgbx[from + 1], rgbx[from + 2]);
    }

    /// <summary>Writes R, G, B and 255 for every pixel of <paramref name="rgb"/>.</summary>
    public static void AddFourth(ReadOnlySpan<byte> rgb, Span<byte> rgba)
    {
        for (int from = 0, to = 0; from < rgb.Length; from += 3, to += 4)
            (rgba[to], rgba[to + 1], rgba[to + 2], rgba[to + 3]) = (rgb[from], rgb[from + 1], rgb[from + 2], 255);
    }
}
