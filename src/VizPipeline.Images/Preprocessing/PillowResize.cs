using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace VizPipeline.Images;

/// <summary>
/// Pillow's <c>Image.resize(size, BILINEAR)</c> for 8-bit RGB, to the bit: a triangle filter with antialias, horizontal first,
/// rounded to 8 bits after each of the two passes. Only the wanted window of the output is computed.
/// </summary>
public static class PillowResize
{
    /// <summary>Resizes a whole picture to <paramref name="width"/> x <paramref name="height"/>.</summary>
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

    /// <summary>Computes a window of the picture resized to <paramref name="width"/> x <paramref name="height"/>.</summary>
    /// <param name="pixels">Input, <paramref name="inputHeight"/> x <paramref name="inputWidth"/> x 3 bytes.</param>
    /// <param name="inputWidth">Width of the input.</param>
    /// <param name="inputHeight">Height of the input.</param>
    /// <param name="width">Width of the whole output.</param>
    /// <param name="height">Height of the whole output.</param>
    /// <param name="window">The part of the output that is wanted; it lies inside it and is not empty.</param>
    /// <param name="target">Receives the window's rows, <paramref name="targetStride"/> bytes apart.</param>
    /// <param name="targetStride">Bytes from one row of <paramref name="target"/> to the next.</param>
    internal static void Resize(
        ReadOnlySpan<byte> pixels, int inputWidth, int inputHeight, int width, int height, Window window, Span<byte> target, int targetStride)
    {
        var columns = new ResampleKernel(inputWidth, width, window.X, window.Width);
        var rows = new ResampleKernel(inputHeight, height, window.Y, window.Height);
        var stride = window.Width * 3;
        var between = ArrayPool<byte>.Shared.Rent((rows.End - rows.Begin) * stride);
        for (var y = rows.Begin; y < rows.End; y++)
            ShrinkRow(pixels.Slice(y * inputWidth * 3, inputWidth * 3), columns, between.AsSpan((y - rows.Begin) * stride, stride));
        for (var y = 0; y < rows.Length; y++)
            BlendRows(between.AsSpan((rows.First(y) - rows.Begin) * stride), stride, rows.Weights(y), target.Slice(y * targetStride, stride));
        ArrayPool<byte>.Shared.Return(between);
    }

    private static void ShrinkRow(ReadOnlySpan<byte> row, ResampleKernel kernel, Span<byte> target)
    {
        for (var x = 0; x < kernel.Length; x++)
        {
            var weights = kernel.Weights(x);
            var from = row[(kernel.First(x) * 3)..];
            // One pixel is read as four bytes. The fourth is the next pixel's red and its sum is ignored; only the row's last
            // pixel has no next one and goes the slow way. Integer sums are exact, so all ways give the same bits.
            var sum = Vector128.Create(1 << (ResampleKernel.PrecisionBits - 1));
            var vectorised = weights.Length * 3 < from.Length ? weights.Length : weights.Length - 1;
            ref var pixel = ref MemoryMarshal.GetReference(from);
            for (var tap = 0; tap < vectorised; tap++)
                sum += Widen(System.Runtime.CompilerServices.Unsafe.ReadUnaligned<uint>(
                    ref System.Runtime.CompilerServices.Unsafe.Add(ref pixel, tap * 3))) * weights[tap];
            if (vectorised < weights.Length)
                sum += Vector128.Create(from[vectorised * 3], from[vectorised * 3 + 1], from[vectorised * 3 + 2], 0) * weights[vectorised];
            sum >>= ResampleKernel.PrecisionBits;
            (target[x * 3], target[x * 3 + 1], target[x * 3 + 2]) = (Clip(sum[0]), Clip(sum[1]), Clip(sum[2]));
        }
    }

    private static Vector128<int> Widen(uint fourBytes)
    {
        var shorts = Vector128.WidenLower(Vector128.CreateScalar(fourBytes).AsByte());
        return Vector128.WidenLower(shorts).AsInt32();
    }

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
            target[x] = Clip(sum >> ResampleKernel.PrecisionBits);
        }
    }

    // The filter has no negative weights, so only the upper end can be passed, by the rounding of the weights.
    private static byte Clip(int value) => (byte)Math.Min(value, 255);

    /// <summary>A rectangle of the output, in pixels.</summary>
    internal readonly record struct Window(int X, int Y, int Width, int Height);
}
