using System.Buffers;
using System.Runtime.Intrinsics;

namespace VizPipeline.Images;

/// <summary>
/// Pillow's <c>Image.resize(size, BILINEAR)</c> for 8-bit RGB, bit for bit: a triangle filter with antialiasing, horizontal pass first,
/// rounded to 8 bits after each of the two passes. Only the requested window of the output is computed.
/// </summary>
public static class PillowResize
{
    /// <summary>Resizes a whole image to <paramref name="width"/> x <paramref name="height"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1.</exception>
    public static RgbImage Resize(RgbImage image, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var result = new RgbImage(width, height);
        Resize(image.Pixels, image.Width, image.Height, width, height, new(0, 0, width, height), result.Pixels, width * 3);
        return result;
    }

    /// <summary>Computes a window of the image resized to <paramref name="width"/> x <paramref name="height"/>.</summary>
    /// <param name="pixels">Input, <paramref name="inputHeight"/> x <paramref name="inputWidth"/> x 3 bytes.</param>
    /// <param name="inputWidth">Width of the input.</param>
    /// <param name="inputHeight">Height of the input.</param>
    /// <param name="width">Width of the whole output.</param>
    /// <param name="height">Height of the whole output.</param>
    /// <param name="window">The requested part of the output; not empty and inside the output.</param>
    /// <param name="target">Receives the window's rows, <paramref name="targetStride"/> bytes apart.</param>
    /// <param name="targetStride">Bytes from one row of <paramref name="target"/> to the next.</param>
    internal static void Resize(
        ReadOnlySpan<byte> pixels, int inputWidth, int inputHeight, int width, int height, Window window,
        Span<byte> target, int targetStride)
    {
        var columns = new HorizontalPass(new(inputWidth, width, window.X, window.Width));
        var rows = new ResampleKernel(inputHeight, height, window.Y, window.Height);
        var stride = window.Width * 3;
        var between = ArrayPool<byte>.Shared.Rent((rows.End - rows.Begin) * stride);
        for (var y = rows.Begin; y < rows.End; y++)
            columns.Run(pixels, y * inputWidth * 3, between.AsSpan((y - rows.Begin) * stride, stride));
        for (var y = 0; y < rows.Length; y++)
        {
            var first = between.AsSpan((rows.First(y) - rows.Begin) * stride);
            BlendRows(first, stride, rows.Weights(y), target.Slice(y * targetStride, stride));
        }
        ArrayPool<byte>.Shared.Return(between);
    }

    // Along y, adjacent bytes have the same weights, so sixteen of them are summed at once.
    private static void BlendRows(ReadOnlySpan<byte> rows, int stride, ReadOnlySpan<int> weights, Span<byte> target)
    {
        var x = 0;
        for (; x + 16 <= stride; x += 16)
        {
            var half = Vector256.Create(1 << (ResampleKernel.PrecisionBits - 1));
            var (low, high) = (half, half);
            for (var tap = 0; tap < weights.Length; tap++)
            {
                var (first, second) = Vector256.Widen(Vector256.WidenLower(
                    Vector128.Create(rows.Slice(tap * stride + x, 16)).ToVector256Unsafe()));
                low += first.AsInt32() * weights[tap];
                high += second.AsInt32() * weights[tap];
            }
            var shorts = Vector256.Narrow(low >> ResampleKernel.PrecisionBits, high >> ResampleKernel.PrecisionBits);
            shorts = Vector256.Min(shorts, Vector256.Create((short)255));
            Vector128.Narrow(shorts.GetLower().AsUInt16(), shorts.GetUpper().AsUInt16()).CopyTo(target[x..]);
        }
        for (; x < stride; x++)
        {
            var sum = 1 << (ResampleKernel.PrecisionBits - 1);
            for (var tap = 0; tap < weights.Length; tap++)
                sum += rows[tap * stride + x] * weights[tap];
            target[x] = (byte)Math.Min(sum >> ResampleKernel.PrecisionBits, 255);
        }
    }

    /// <summary>A rectangle of the output, in pixels.</summary>
    internal readonly record struct Window(int X, int Y, int Width, int Height);
}
