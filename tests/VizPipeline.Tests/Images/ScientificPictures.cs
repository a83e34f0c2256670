using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace VizPipeline.Tests.Images;

/// <summary>TIFF, PNM and TGA files written byte by byte, so that their pixels are known from elsewhere than the decoder.</summary>
internal static class ScientificPictures
{
    public static byte[] Pnm(string header, params ReadOnlySpan<byte> data) => [.. Encoding.ASCII.GetBytes(header), .. data];

    public static byte[] Tga(int type, int depth, int width, int height, params ReadOnlySpan<byte> data) =>
    [
        0, 0, (byte)type, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        (byte)width, (byte)(width >> 8), (byte)height, (byte)(height >> 8), (byte)depth, (byte)(depth == 32 ? 0x28 : 0x20), .. data,
    ];

    /// <summary>A TIFF of one strip, little-endian unless <paramref name="isBigEndian"/>: header, strip, directory, arrays.</summary>
    public static byte[] Tiff(
        int width, int height, int channels, int bits, ReadOnlySpan<byte> strip, int compression = 1, int photometric = -1,
        int sampleFormat = 1,
        bool isBigEndian = false, uint next = 0, byte[]? extra = null)
    {
        var stripAt = 8;
        var arraysAt = stripAt + strip.Length + (strip.Length % 2);
        var bitsAt = arraysAt;
        var formatAt = bitsAt + (2 * channels);
        var directoryAt = formatAt + (2 * channels);
        var file = new byte[directoryAt + 2 + (11 * 12) + 4];
        file[0] = file[1] = (byte)(isBigEndian ? 'M' : 'I');
        Short(2, 42);
        Long(4, (uint)directoryAt);
        strip.CopyTo(file.AsSpan(stripAt));
        for (var i = 0; i < channels; i++)
        {
            Short(bitsAt + (2 * i), bits);
            Short(formatAt + (2 * i), sampleFormat);
        }
        Short(directoryAt, 11);
        var at = directoryAt + 2;
        Entry(256, 4, 1, (uint)width);
        Entry(257, 4, 1, (uint)height);
        Entry(258, 3, (uint)channels, channels > 2 ? (uint)bitsAt : (uint)bits);
        Entry(259, 3, 1, (uint)compression);
        Entry(262, 3, 1, (uint)(photometric >= 0 ? photometric : channels == 1 ? 1 : 2));
        Entry(273, 4, 1, (uint)stripAt);
        Entry(277, 3, 1, (uint)channels);
        Entry(278, 4, 1, (uint)height);
        Entry(279, 4, 1, (uint)strip.Length);
        Entry(338, 3, 1, 2);
        Entry(339, 3, (uint)channels, channels > 2 ? (uint)formatAt : (uint)sampleFormat);
        Long(at, next);
        return [.. file, .. extra ?? []];

        void Entry(int tag, int type, uint count, uint value)
        {
            Short(at, tag);
            Short(at + 2, type);
            Long(at + 4, count);
            if (type == 3 && count == 1)
                Short(at + 8, (int)value);
            else
                Long(at + 8, value);
            at += 12;
        }

        void Short(int position, int value)
        {
            if (isBigEndian)
                BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(position), (ushort)value);
            else
                BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(position), (ushort)value);
        }

        void Long(int position, uint value)
        {
            if (isBigEndian)
                BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(position), value);
            else
                BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(position), value);
        }
    }

    public static byte[] Deflated(ReadOnlySpan<byte> bytes)
    {
        using var stream = new MemoryStream();
        using (var zlib = new ZLibStream(stream, CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write(bytes);
        return stream.ToArray();
    }

    public static byte[] Floats(params ReadOnlySpan<float> values)
    {
        var bytes = new byte[4 * values.Length];
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
        return bytes;
    }

    /// <summary>Whole files, as seeds of the fuzzer, by name.</summary>
    public static IReadOnlyDictionary<string, byte[]> All { get; } = new Dictionary<string, byte[]>
    {
        ["rgb.tif"] = Tiff(2, 2, 3, 8, [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7]),
        ["grey16.tif"] = Tiff(3, 1, 1, 16, [200, 0, 0, 128, 254, 255]),
        ["big-endian.tiff"] = Tiff(3, 1, 1, 16, [0, 200, 128, 0, 255, 254], isBigEndian: true),
        ["float.tif"] = Tiff(3, 1, 1, 32, Floats(0, 0.5f, 1), sampleFormat: 3),
        ["deflated.tif"] = Tiff(2, 2, 3, 8, Deflated([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7]), compression: 8),
        ["packed.tif"] = Tiff(8, 1, 1, 8, [0xFD, 7, 3, 1, 2, 3, 4], compression: 32773),
        ["rgba.tif"] = Tiff(1, 2, 4, 8, [255, 0, 0, 128, 1, 2, 3, 255]),
        ["plain.pbm"] = Pnm("P1\n# comment\n3 2\n1 0 1\n010\n"),
        ["plain.pgm"] = Pnm("P2 3 1 15\n0 7 15\n"),
        ["plain.ppm"] = Pnm("P3 1 2 255 1 2 3 254 253 252\n"),
        ["raw.pbm"] = Pnm("P4 10 2\n", 0b10101010, 0b11000000, 0, 0),
        ["raw.pgm"] = Pnm("P5\n3 1\n255\n", 0, 128, 255),
        ["raw16.pgm"] = Pnm("P5 3 1 65535\n", 0, 200, 128, 0, 255, 254),
        ["raw12.ppm"] = Pnm("P6 1 1 4095\n", 0, 0, 8, 0, 15, 255),
        ["raw.ppm"] = Pnm("P6 2 1 255\n", 1, 2, 3, 250, 251, 252),
        ["rgb.tga"] = Tga(2, 24, 2, 1, 3, 2, 1, 252, 251, 250),
        ["grey.tga"] = Tga(3, 8, 3, 1, 0, 128, 255),
        ["runs.tga"] = Tga(10, 24, 4, 1, 0x82, 3, 2, 1, 0x00, 6, 5, 4),
        ["rgba.tga"] = Tga(2, 32, 1, 1, 3, 2, 1, 77),
    };
}
