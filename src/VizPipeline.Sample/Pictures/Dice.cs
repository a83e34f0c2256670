namespace VizPipeline.Sample.Pictures;

/// <summary>
/// A seeded random number generator (SplitMix64), implemented here because the sequence of <see cref="Random"/> may change between versions
/// of .NET, and picture 17 of seed 1 must stay the same.
/// </summary>
internal sealed class Dice(long seed, long index)
{
    private ulong _state = Mix((ulong)seed) ^ Mix(unchecked((ulong)index * 0x9E3779B97F4A7C15UL + 0x632BE59BD9B4E019UL));

    /// <summary>Returns a number in [0, 1).</summary>
    public float Unit() => (Next() >> 40) * (1f / (1 << 24));

    public float Between(float low, float high) => low + (high - low) * Unit();

    /// <summary>Returns an integer from <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public int Whole(int low, int high) => low + (int)(Next() % (ulong)(high - low + 1));

    public bool Chance(float probability) => Unit() < probability;

    public T Pick<T>(params ReadOnlySpan<T> items) => items[Whole(0, items.Length - 1)];

    public ulong Next() => Mix(_state += 0x9E3779B97F4A7C15UL);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
