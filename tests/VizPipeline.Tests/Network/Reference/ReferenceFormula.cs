using System.Text;
using VizPipeline.Network.Formats;

namespace VizPipeline.Tests.Network.Reference;

/// <summary>
/// Parameters and pictures by formula, as <c>tests/reference/torchvision_reference.py</c> makes them: SplitMix64 from the FNV-1a hash of
/// the name, scaled so that activations neither vanish nor explode.
/// </summary>
internal static class ReferenceFormula
{
    /// <summary>Number <paramref name="index"/> of a name, in [-1, 1).</summary>
    public static double Uniform(ulong seed, int index)
    {
        var z = ((ulong)(index + 1) * 0x9E3779B97F4A7C15) + seed;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 40) / 8388608.0 - 1.0;
    }

    public static ulong Seed(string name)
    {
        var seed = 0xCBF29CE484222325;
        foreach (var letter in Encoding.UTF8.GetBytes(name))
            seed = (seed ^ letter) * 0x100000001B3;
        return seed;
    }

    /// <summary>A parameter used as <paramref name="kind"/>: weight, scale or shift.</summary>
    public static float[] Values(string name, int count, string kind, long fanIn)
    {
        var (seed, values) = (Seed(name), new float[count]);
        var (centre, reach) = kind switch { "weight" => (0.0, Math.Sqrt(6.0 / fanIn)), "scale" => (1.0, 0.2), _ => (0.0, 0.1) };
        Parallel.For(0, (count + 65535) / 65536, chunk =>
        {
            for (var i = chunk * 65536; i < Math.Min(count, (chunk + 1) * 65536); i++)
                values[i] = (float)(centre + (reach * Uniform(seed, i)));
        });
        return values;
    }

    /// <summary>A state dict's tensor, by name and shape.</summary>
    public static FloatTensor Tensor(string name, int[] shape)
    {
        var fanIn = shape.Skip(1).Aggregate(1L, (product, extent) => product * extent);
        var isShift = name.EndsWith("bias", StringComparison.Ordinal) || name.EndsWith("beta", StringComparison.Ordinal)
            || name.EndsWith("running_mean", StringComparison.Ordinal);
        var count = shape.Aggregate(1, (product, extent) => product * extent);
        return new FloatTensor(name, shape, Values(name, count, isShift ? "shift" : fanIn > 1 ? "weight" : "scale", fanIn));
    }

    /// <summary>[3, size, size]: squares of 16 pixels, and noise on them.</summary>
    public static float[] Picture(int size)
    {
        var (coarse, fine, blocks, picture) = (Seed("input.blocks"), Seed("input.pixels"), (size + 15) / 16, new float[3 * size * size]);
        for (var i = 0; i < picture.Length; i++)
        {
            var (channel, y, x) = (i / (size * size), i / size % size, i % size);
            picture[i] = (float)((1.5 * Uniform(coarse, (((channel * blocks) + (y / 16)) * blocks) + (x / 16))) + (0.5 * Uniform(fine, i)));
        }
        return picture;
    }
}
