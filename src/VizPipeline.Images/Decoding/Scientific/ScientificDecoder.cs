using System.Runtime.InteropServices;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Tga;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Memory;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.PixelFormats;

namespace VizPipeline.Images.Scientific;

/// <summary>Decodes TIFF and TGA with ImageSharp after checking their headers, and PNM itself.</summary>
internal static class ScientificDecoder
{
    // Without formats of its own, so that no other decoder can be reached. Its memory is new and therefore zero, not another image's.
    private static readonly Configuration Decoders = new() { MemoryAllocator = new SimpleGcMemoryAllocator(), MaxDegreeOfParallelism = 1 };

    public static PooledPixels Decode(ScientificFormat format, ReadOnlyMemory<byte> bytes, string name, bool withAlpha)
    {
        var header = Check(format, bytes, name, out var file);
        if ((long)header.Width * header.Height > Math.Min(ImageDecoder.DefaultPixelLimit, Array.MaxLength / 8))
        {
            throw new UnreadableImageException(
                name, $"its {header.Width}x{header.Height} pixels are more than the limit of {ImageDecoder.DefaultPixelLimit}");
        }
        if ((long)header.Width * header.Height > ImageDecoder.MostPixels(bytes.Length))
        {
            throw new UnreadableImageException(
                name, $"its header says {header.Width}x{header.Height} pixels, more than its {bytes.Length} bytes can hold");
        }
        if (format == ScientificFormat.Pnm)
            return ReadPnm(file, name, header);
        using var image = Load(format, file, name);
        if (image.Width != header.Width || image.Height != header.Height)
            throw new UnreadableImageException(name, RefusedHeaderException.Damaged);
        return ToPixels(image, withAlpha);
    }

    // Of a TIFF with several pages, gives the decoder a file that ends after the first one.
    private static CheckedHeader Check(ScientificFormat format, ReadOnlyMemory<byte> bytes, string name, out ReadOnlyMemory<byte> file)
    {
        file = bytes;
        try
        {
            switch (format)
            {
                case ScientificFormat.Pnm:
                    return new PnmFile(bytes.Span).Size;
                case ScientificFormat.Tga:
                    return TgaHeader.Check(bytes.Span);
                default:
                    var header = TiffHeader.Check(bytes.Span);
                    if (header.HasMorePages)
                    {
                        var first = bytes.ToArray();
                        first.AsSpan(header.NextDirectory, 4).Clear();
                        file = first;
                    }
                    return header.Size;
            }
        }
        catch (RefusedHeaderException refusal)
        {
            throw new UnreadableImageException(name, refusal.Message);
        }
    }

    private static PooledPixels ReadPnm(ReadOnlyMemory<byte> file, string name, CheckedHeader header)
    {
        var pixels = new PooledPixels(header.Width, header.Height);
        try
        {
            var rgba = pixels.Buffer.AsSpan(0, header.Width * header.Height * 4);
            new PnmFile(file.Span).Read(rgba);
            RgbPacking.DropFourth(rgba);
            return pixels;
        }
        catch (RefusedHeaderException refusal)
        {
            pixels.Dispose();
            throw new UnreadableImageException(name, refusal.Message);
        }
    }

    private static Image<Rgba64> Load(ScientificFormat format, ReadOnlyMemory<byte> file, string name)
    {
        IImageDecoder decoder = format switch
        {
            ScientificFormat.Tiff => new TiffDecoder { DecodingMode = FrameDecodingMode.First, IgnoreMetadata = true },
            _ => new TgaDecoder(),
        };
        try
        {
            using var stream = MemoryMarshal.TryGetArray(file, out var segment)
                ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
                : new MemoryStream(file.ToArray(), writable: false);
            return decoder.Decode<Rgba64>(Decoders, stream, CancellationToken.None);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // Besides its own exceptions, the decoder raises those of arrays and streams for damaged data.
            throw new UnreadableImageException(name, RefusedHeaderException.DamagedData);
        }
    }

    private static PooledPixels ToPixels(Image<Rgba64> image, bool withAlpha)
    {
        var pixels = new PooledPixels(image.Width, image.Height);
        image.ProcessPixelRows(rows =>
        {
            for (var y = 0; y < rows.Height; y++)
            {
                var target = pixels.Buffer.AsSpan(y * rows.Width * 4, rows.Width * 4);
                var row = rows.GetRowSpan(y);
                for (var x = 0; x < row.Length; x++)
                {
                    (target[4 * x], target[(4 * x) + 1]) = (ToByte(row[x].R), ToByte(row[x].G));
                    (target[(4 * x) + 2], target[(4 * x) + 3]) = (ToByte(row[x].B), ToByte(row[x].A));
                }
            }
        });
        if (withAlpha)
            pixels.KeepAlpha();
        RgbPacking.DropFourth(pixels.Buffer.AsSpan(0, image.Width * image.Height * 4));
        return pixels;
    }

    // 16 bits to 8: divided by 257 and rounded. Values of 8 bits, which are held times 257, come back unchanged.
    private static byte ToByte(ushort value) => (byte)((value + 128) / 257);
}
