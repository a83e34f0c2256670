using System.Buffers.Binary;

namespace VizPipeline.Images;

/// <summary>The chunks that a PNG file consists of.</summary>
internal static class PngChunks
{
    // Length and type before a chunk's data, and a checksum behind them.
    private const int Header = 8;
    private const int Checksum = 4;

    /// <summary>
    /// The file without an sBIT chunk of 5, 6, 5. That chunk says how many bits of a sample carry information and never changes a pixel,
    /// but
    /// Skia picks a pixel format by it, and then reads rows at another width than libpng writes them. It takes palette indices for colours
    /// (2.88), or shifts the colours of a picture with a transparent colour (4.155). Any other file comes back as it is.
    /// </summary>
    public static ReadOnlyMemory<byte> WithoutSignificantBits(ReadOnlyMemory<byte> file)
    {
        var bytes = file.Span;
        if (!bytes.StartsWith(ImageSignature.Png))
            return file;
        MemoryStream? kept = null;
        var (at, keptTo) = (ImageSignature.Png.Length, 0);
        // The chunk counts only before the first picture data.
        while (bytes.Length - at >= Header + Checksum && !bytes.Slice(at + 4, 4).SequenceEqual("IDAT"u8))
        {
            var end = at + (long)Header + BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]) + Checksum;
            if (end > bytes.Length)
                break;
            // Nearly all pictures that Skia writes have the chunk, with 8, 8, 8: they must not be copied.
            if (bytes[(at + 4)..].StartsWith("sBIT\x5\x6\x5"u8))
            {
                kept ??= new(bytes.Length);
                kept.Write(bytes[keptTo..at]);
                keptTo = (int)end;
            }
            at = (int)end;
        }
        if (kept is null)
            return file;
        kept.Write(bytes[keptTo..]);
        return kept.GetBuffer().AsMemory(0, (int)kept.Length);
    }
}
