using System.Buffers.Binary;

namespace VizPipeline.Images;

/// <summary>The chunks that a PNG file consists of.</summary>
internal static class PngChunks
{
    // Length and type precede a chunk's data, and a checksum follows it.
    private const int Header = 8;
    private const int Checksum = 4;

    /// <summary>
    /// Returns the file without an sBIT chunk of 5, 6, 5. That chunk declares how many bits of a sample are significant and never changes a
    /// pixel, but Skia selects a pixel format by it and then reads rows at another width than libpng writes them. It takes palette indices
    /// for colours (2.88), or shifts the colours of an image with a transparent colour (4.155). Other files are returned unchanged.
    /// </summary>
    public static ReadOnlyMemory<byte> WithoutSignificantBits(ReadOnlyMemory<byte> file)
    {
        var bytes = file.Span;
        if (!bytes.StartsWith(ImageSignature.Png))
            return file;
        MemoryStream? kept = null;
        var (at, keptTo) = (ImageSignature.Png.Length, 0);
        // The chunk is only valid before the first image data.
        while (bytes.Length - at >= Header + Checksum && !bytes.Slice(at + 4, 4).SequenceEqual("IDAT"u8))
        {
            var end = at + (long)Header + BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]) + Checksum;
            if (end > bytes.Length)
                break;
            // Nearly all images that Skia writes have the chunk with 8, 8, 8; they must not be copied.
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
