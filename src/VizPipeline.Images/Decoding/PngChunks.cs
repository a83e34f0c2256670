using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

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

    /// <summary>Returns the position after the first chunk, the header, behind which all others may stand.</summary>
    public static int EndOfHeader(ReadOnlySpan<byte> file)
        => ImageSignature.Png.Length + Header + (int)BinaryPrimitives.ReadUInt32BigEndian(file[ImageSignature.Png.Length..]) + Checksum;

    /// <summary>Returns an iTXt chunk: a keyword, no compression, no language, and the text in UTF-8.</summary>
    public static byte[] Text(string keyword, string text)
    {
        byte[] data = [.. "iTXt"u8, .. Encoding.Latin1.GetBytes(keyword), 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(text)];
        var chunk = new byte[data.Length + Header];
        BinaryPrimitives.WriteUInt32BigEndian(chunk, (uint)(data.Length - 4));
        data.CopyTo(chunk.AsSpan(4));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - Checksum), Crc32.HashToUInt32(data));
        return chunk;
    }

    /// <summary>Reads the chunks that <see cref="Text"/> wrote, up to the pixels; others are skipped.</summary>
    public static IReadOnlyDictionary<string, string> Texts(ReadOnlySpan<byte> file)
    {
        var texts = new Dictionary<string, string>();
        var at = ImageSignature.Png.Length;
        while (file.StartsWith(ImageSignature.Png) && file.Length - at >= Header + Checksum
            && BinaryPrimitives.ReadUInt32BigEndian(file[at..]) is var length && length <= file.Length - at - Header - Checksum
            && !file.Slice(at + 4, 4).SequenceEqual("IDAT"u8))
        {
            var data = file.Slice(at + Header, (int)length);
            var keyword = data.IndexOf((byte)0);
            if (file.Slice(at + 4, 4).SequenceEqual("iTXt"u8) && keyword > 0 && data[keyword..].StartsWith("\0\0\0\0\0"u8))
                texts[Encoding.Latin1.GetString(data[..keyword])] = Encoding.UTF8.GetString(data[(keyword + 5)..]);
            at += Header + (int)length + Checksum;
        }
        return texts;
    }
}
