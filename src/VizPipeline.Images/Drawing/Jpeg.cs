using System.Buffers;
using SkiaSharp;

namespace VizPipeline.Images;

/// <summary>Writes JPEG files for viewing.</summary>
public static class Jpeg
{
    /// <summary>Encodes an image as JPEG.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="quality">From 1 to 100.</param>
    public static unsafe byte[] Encode(RgbImage image, int quality)
    {
        ArgumentNullException.ThrowIfNull(image);
        var buffer = ArrayPool<byte>.Shared.Rent(checked(image.Width * image.Height * 4));
        try
        {
            RgbPacking.AddFourth(image.Pixels, buffer);
            fixed (byte* pixels = buffer)
            {
                var info = new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
                using var map = new SKPixmap(info, (IntPtr)pixels, info.RowBytes);
                using var data = map.Encode(
                    new SKJpegEncoderOptions(quality, SKJpegEncoderDownsample.Downsample444, SKJpegEncoderAlphaOption.Ignore))
                    ?? throw new InvalidOperationException($"a picture of {image.Width}x{image.Height} pixels cannot be written as JPEG");
                return data.ToArray();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
