namespace VizPipeline.Methods.GradientAscent;

/// <summary>Normal noise that depends on (seed, stream) alone: the same on any device, in any batch.</summary>
internal static class GaussianNoise
{
    /// <summary>Fills with N(0, <paramref name="deviation"/>) by Box and Muller's transform.</summary>
    public static void Fill(Span<float> values, int seed, int stream, double deviation)
    {
        var state = Mix(((ulong)(uint)seed << 32) | (uint)stream);
        for (var i = 0; i < values.Length; i += 2)
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - Uniform(ref state)));
            var (sin, cos) = Math.SinCos(2 * Math.PI * Uniform(ref state));
            values[i] = (float)(deviation * radius * cos);
            if (i + 1 < values.Length)
                values[i + 1] = (float)(deviation * radius * sin);
        }
    }

    // SplitMix64 (Steele, Lea and Flood 2014): a frozen generator, unlike a library's, which may change between versions.
    private static double Uniform(ref ulong state) => (Mix(state += 0x9E3779B97F4A7C15) >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
