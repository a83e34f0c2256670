using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace VizPipeline.Images;

/// <summary>
/// Resamples rows of RGB pixels along x. This is the larger part of a resize, so two taps are processed in one vector: six bytes become [r0
/// g0 b0 _ r1 g1 b1 _]. Integer sums are exact, so any order of addition gives Pillow's bits.
/// </summary>
internal sealed class HorizontalPass
{
    private const int Half = 1 << (ResampleKernel.PrecisionBits - 1);

    private readonly ResampleKernel _kernel;
    private readonly Vector256<int>[] _pairs;
    private readonly int _stride;
    private readonly int _reach;

    public HorizontalPass(ResampleKernel kernel)
    {
        _kernel = kernel;
        for (var x = 0; x < kernel.Length; x++)
            _stride = Math.Max(_stride, (kernel.Weights(x).Length + 1) / 2);
        // Eight bytes are read where the last pair needs six.
        _reach = (kernel.First(kernel.Length - 1) + _stride * 2) * 3 + 2;
        // Missing taps have weight zero, so every pixel uses the same number of pairs.
        _pairs = new Vector256<int>[kernel.Length * _stride];
        for (var x = 0; x < kernel.Length; x++)
            for (var pair = 0; pair < _stride; pair++)
                _pairs[x * _stride + pair] = Vector256.Create(Vector128.Create(Tap(x, pair * 2)), Vector128.Create(Tap(x, pair * 2 + 1)));
    }

    /// <summary>Resamples the row that starts at byte <paramref name="start"/> of the image.</summary>
    /// <param name="pixels">The whole image.</param>
    /// <param name="start">Byte offset of the row.</param>
    /// <param name="target">Receives three bytes per output pixel.</param>
    public void Run(ReadOnlySpan<byte> pixels, int start, Span<byte> target)
    {
        // Pairs of weight zero may extend beyond the row's end, which is harmless inside the image but not beyond its end.
        if ((long)start + _reach <= pixels.Length)
            RunInPairs(ref Unsafe.Add(ref MemoryMarshal.GetReference(pixels), start), target);
        else
            RunOneByOne(pixels[start..], target);
    }

    private void RunInPairs(ref byte row, Span<byte> target)
    {
        var spread = Vector128.Create((byte)0, 1, 2, 255, 3, 4, 5, 255, 255, 255, 255, 255, 255, 255, 255, 255);
        ref var weights = ref MemoryMarshal.GetArrayDataReference(_pairs);
        for (var x = 0; x < _kernel.Length; x++)
        {
            ref var from = ref Unsafe.Add(ref row, _kernel.First(x) * 3);
            var sum = Vector256<int>.Zero;
            for (var pair = 0; pair < _stride; pair++)
            {
                var eightBytes = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref from, pair * 6));
                var shorts = Vector128.WidenLower(Vector128.Shuffle(Vector128.CreateScalar(eightBytes).AsByte(), spread));
                var taps = Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts)).AsInt32();
                sum += taps * Unsafe.Add(ref weights, x * _stride + pair);
            }
            var rgb = (sum.GetLower() + sum.GetUpper() + Vector128.Create(Half)) >> ResampleKernel.PrecisionBits;
            Store(rgb, target.Slice(x * 3, 3));
        }
    }

    private void RunOneByOne(ReadOnlySpan<byte> row, Span<byte> target)
    {
        for (var x = 0; x < _kernel.Length; x++)
        {
            var from = row[(_kernel.First(x) * 3)..];
            var weights = _kernel.Weights(x);
            var sum = Vector128.Create(Half);
            for (var tap = 0; tap < weights.Length; tap++)
                sum += Vector128.Create(from[tap * 3], from[tap * 3 + 1], from[tap * 3 + 2], 0) * weights[tap];
            Store(sum >> ResampleKernel.PrecisionBits, target.Slice(x * 3, 3));
        }
    }

    // Rounded weights may add up to more than 255; no sum is negative, because the filter has no negative weights.
    private static void Store(Vector128<int> rgb, Span<byte> target)
    {
        rgb = Vector128.Min(rgb, Vector128.Create(255));
        (target[0], target[1], target[2]) = ((byte)rgb[0], (byte)rgb[1], (byte)rgb[2]);
    }

    private int Tap(int x, int tap) => tap < _kernel.Weights(x).Length ? _kernel.Weights(x)[tap] : 0;
}
