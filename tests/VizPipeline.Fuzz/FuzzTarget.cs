namespace VizPipeline.Fuzz;

/// <summary>A valid file that inputs are made from, and what else may be done to it than to any bytes.</summary>
/// <param name="Name">The file's name, whose extension counts.</param>
/// <param name="Bytes">Its contents.</param>
/// <param name="Mutate">Damage that knows the format; null where there is none.</param>
public sealed record FuzzSeed(string Name, byte[] Bytes, Func<byte[], Random, byte[]>? Mutate = null);

/// <summary>One input: a damaged file.</summary>
/// <param name="Name">Name of the seed.</param>
/// <param name="Bytes">Contents.</param>
public sealed record FuzzInput(string Name, byte[] Bytes);

/// <summary>A reader under test.</summary>
public abstract class FuzzTarget
{
    private readonly Lazy<IReadOnlyList<FuzzSeed>> _seeds;

    /// <summary>A reader whose seeds are made when they are asked for.</summary>
    protected FuzzTarget() => _seeds = new(Seeds);

    /// <summary>Its name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>Whether an exception is one that the reader documents.</summary>
    public abstract bool IsDocumented(Exception error);

    /// <summary>Most bytes that reading an input may allocate on its thread; what is done with it afterwards does not count.</summary>
    public abstract long AllowedBytes(FuzzInput input);

    /// <summary>Reads an input, and goes on with what was read as far as that is cheap.</summary>
    /// <param name="input">The damaged file.</param>
    /// <param name="file">Where it lies.</param>
    /// <param name="mayCrash">Whether native code may run that could end the process.</param>
    /// <param name="isRead">To be called when the reader is done, where more follows.</param>
    /// <returns>How it ended, e.g. "loaded".</returns>
    public abstract string Read(FuzzInput input, string file, bool mayCrash, Action isRead);

    /// <summary>Input number <paramref name="index"/>: the same for the same seed, in every process.</summary>
    public FuzzInput Input(int seed, int index)
    {
        var random = new Random(unchecked((seed * 1_000_003) + index));
        var seeds = _seeds.Value;
        var (from, other) = (seeds[random.Next(seeds.Count)], seeds[random.Next(seeds.Count)]);
        var bytes = from.Mutate is { } mutate
            && random.Next(5) != 0 ? mutate(from.Bytes, random) : Mutations.ByteMutations.Damage(from.Bytes, other.Bytes, random);
        return new(from.Name, bytes);
    }

    /// <summary>The seeds as they are, all of which must be read.</summary>
    public IEnumerable<FuzzInput> Valid => _seeds.Value.Select(seed => new FuzzInput(seed.Name, seed.Bytes));

    /// <summary>Valid files.</summary>
    protected abstract IReadOnlyList<FuzzSeed> Seeds();
}
