namespace VizPipeline.Images;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood 2014), implemented here because a library's generator may change between versions. The numbers depend
/// only on the seed, so an ascent is the same in any batch and on any device.
/// </summary>
public struct SplitMix
{
    private ulong _state;

    /// <summary>Creates the generator of one stream of a seed.</summary>
    public SplitMix(int seed, int stream) => _state = Mix(((ulong)(uint)seed << 32) | (uint)stream);

    /// <summary>Returns a generator derived from this one and a number, for example a step.</summary>
    public readonly SplitMix At(int number) => new() { _state = Mix(_state ^ Mix((uint)number + 0xD1B54A32D192ED03UL)) };

    /// <summary>Returns a uniform number in [0, 1).</summary>
    public double Uniform() => (Mix(_state += 0x9E3779B97F4A7C15) >> 11) * (1.0 / (1UL << 53));

    /// <summary>Returns a uniform number in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public double Uniform(double low, double high) => low + ((high - low) * Uniform());

    /// <summary>Returns two normal numbers with mean 0 and standard deviation 1, by the Box-Muller transform.</summary>
    public (double First, double Second) Normals()
    {
        var radius = Math.Sqrt(-2 * Math.Log(1 - Uniform()));
        var (sin, cos) = Math.SinCos(2 * Math.PI * Uniform());
        return (radius * cos, radius * sin);
    }

    /// <summary>Fills a span with numbers from N(0, <paramref name="deviation"/>).</summary>
    public void FillNormal(Span<float> values, double deviation)
    {
        for (var i = 0; i < values.Length; i += 2)
        {
            var (first, second) = Normals();
            values[i] = (float)(deviation * first);
            if (i + 1 < values.Length)
                values[i + 1] = (float)(deviation * second);
        }
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
