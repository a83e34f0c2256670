using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

/// <summary>
/// Valid pictures that decoders may fill only in part, or take for another format, with the pixels that they have. Those of PNG files are
/// Pillow's; what a BMP or GIF leaves out is black, as transparent pixels are.
/// </summary>
internal static class OddPictures
{
    private const int Side = 64;

    // 16-bit sources leave 5, 6 and 5 bits that mean something, and their PNGs say so.
    private static readonly byte[] SignificantBits = [5, 6, 5];

    private static readonly Rgb[] Palette = [.. Enumerable.Range(0, 256).Select(i => new Rgb((byte)i, (byte)(255 - i), (byte)(i * 7)))];

    /// <summary>Every picture by the name of its kind, whose ending tells the format.</summary>
    public static readonly IReadOnlyDictionary<string, (byte[] File, RgbImage Image)> All = new Dictionary<string, (byte[], RgbImage)>
    {
        ["indexed-sbit565.png"] = Indexed(bits: 8),
        ["indexed-4bit-sbit565.png"] = Indexed(bits: 4),
        ["indexed-transparent-sbit565.png"] = Indexed(bits: 8, ("tRNS", [0, 128, 255])),
        ["rgb-sbit565.png"] = Colours(type: 2, bytesPerSample: 1, SignificantBits),
        ["rgb-transparent-sbit565.png"] = Colours(type: 2, bytesPerSample: 1, SignificantBits, [0, 1, 0, 2, 0, 3]),
        ["rgb16-sbit565.png"] = Colours(type: 2, bytesPerSample: 2, SignificantBits),
        ["rgb16-transparent-sbit565.png"] = Colours(type: 2, bytesPerSample: 2, SignificantBits, [0, 1, 0, 2, 0, 3]),
        ["rgba-sbit565.png"] = Colours(type: 6, bytesPerSample: 1, [.. SignificantBits, 8]),
        // Runs of a colour, a jump over pixels, an early end of the line and of the picture.
        ["runs-with-gaps.bmp"] = Bmp([2, 1, 0, 2, 1, 1, 2, 5, 0, 1], [(0, 0, 1), (1, 0, 1), (3, 1, 5), (4, 1, 5)]),
        ["runs-with-short-lines.bmp"] = Bmp(
            [2, 1, 0, 0, 3, 2, 0, 0, 4, 3, 0, 1],
            [(0, 0, 1), (1, 0, 1), (0, 1, 2), (1, 1, 2), (2, 1, 2), (0, 2, 3), (1, 2, 3), (2, 2, 3), (3, 2, 3)]),
        ["part-of-the-screen.gif"] = Gif(),
    };

    private static (byte[], RgbImage) Indexed(int bits, params (string Type, byte[] Data)[] more)
    {
        var image = new RgbImage(Side, Side);
        var (colours, rows) = (1 << bits, new List<byte>());
        for (var y = 0; y < Side; y++)
        {
            rows.Add(0);
            var packed = new byte[Side * bits / 8];
            for (var x = 0; x < Side; x++)
            {
                var index = (x * 4 + y) % colours;
                packed[x * bits / 8] |= (byte)(index << (8 - bits - (x * bits % 8)));
                image[x, y] = Palette[index];
            }
            rows.AddRange(packed);
        }
        var palette = Palette.Take(colours).SelectMany(colour => new[] { colour.R, colour.G, colour.B }).ToArray();
        return (Png(type: 3, bits, [("sBIT", SignificantBits), ("PLTE", palette), .. more], [.. rows]), image);
    }

    private static (byte[], RgbImage) Colours(int type, int bytesPerSample, byte[] significant, byte[]? transparent = null)
    {
        var image = new RgbImage(Side, Side);
        var (random, rows) = (new Random(5), new List<byte>());
        for (var y = 0; y < Side; y++)
        {
            rows.Add(0);
            for (var x = 0; x < Side; x++)
            {
                var samples = new byte[(type == 6 ? 4 : 3) * bytesPerSample];
                random.NextBytes(samples);
                rows.AddRange(samples);
                // The upper byte comes first.
                image[x, y] = new(samples[0], samples[bytesPerSample], samples[2 * bytesPerSample]);
            }
        }
        (string, byte[])[] chunks = transparent is null ? [("sBIT", significant)] : [("sBIT", significant), ("tRNS", transparent)];
        return (Png(type, 8 * bytesPerSample, chunks, [.. rows]), image);
    }

    private static byte[] Png(int type, int bits, (string Type, byte[] Data)[] chunks, byte[] rows)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(rows);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Side);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Side);
        (header[8], header[9]) = ((byte)bits, (byte)type);
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        foreach (var (name, data) in new[] { ("IHDR", header) }.Concat(chunks).Append(("IDAT", packed.ToArray())).Append(("IEND", [])))
        {
            byte[] body = [.. System.Text.Encoding.ASCII.GetBytes(name), .. data];
            var number = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
            file.Write(number);
            file.Write(body);
            BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.HashToUInt32(body));
            file.Write(number);
        }
        return file.ToArray();
    }

    /// <summary>6x3 pixels in runs, from the bottom line up; <paramref name="pixels"/> are those that the runs set.</summary>
    private static (byte[], RgbImage) Bmp(byte[] runs, (int X, int FromBottom, int Index)[] pixels)
    {
        const int Width = 6, Height = 3, Start = 14 + 40 + 1024;
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write("BM"u8);
        foreach (var number in new[] { Start + runs.Length, 0, Start, 40, Width, Height, 1 | (8 << 16), 1, runs.Length, 2835, 2835, 0, 0 })
            writer.Write(number);
        foreach (var colour in Palette)
            writer.Write([colour.B, colour.G, colour.R, 0]);
        writer.Write(runs);
        var image = new RgbImage(Width, Height);
        foreach (var (x, fromBottom, index) in pixels)
            image[x, Height - 1 - fromBottom] = Palette[index];
        return (file.ToArray(), image);
    }

    /// <summary>The GIF of the fixtures, on a screen that is wider and higher than it.</summary>
    private static (byte[], RgbImage) Gif()
    {
        var (file, pixels) = Fixtures.All["Gif"];
        byte[] changed = [.. file];
        BinaryPrimitives.WriteInt16LittleEndian(changed.AsSpan(6), 20);
        BinaryPrimitives.WriteInt16LittleEndian(changed.AsSpan(8), 17);
        var image = new RgbImage(20, 17);
        for (var y = 0; y < 9; y++)
            pixels.AsSpan(y * 33, 33).CopyTo(image.Pixels.AsSpan(y * 60));
        return (changed, image);
    }
}
