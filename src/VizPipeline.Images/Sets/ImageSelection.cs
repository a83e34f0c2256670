using System.Globalization;
using System.Text;

namespace VizPipeline.Images;

/// <summary>
/// A part of an image set: some classes, so many of each, so many in all. What is drawn by chance follows from the seed and the pictures'
/// paths alone, so that every machine draws the same, in whatever order it finds the files; and a set that grows keeps most of the draw.
/// </summary>
public sealed record ImageSelection
{
    /// <summary>Only pictures of these classes, as the set or the class list names them; empty for all, those without a class included.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>So many of each class, drawn by chance, or all that it has; null for all.</summary>
    public int? PerClass { get; init; }

    /// <summary>So many of what is left, drawn by chance; null for all.</summary>
    public int? Sample { get; init; }

    /// <summary>Another seed draws others.</summary>
    public int Seed { get; init; }

    /// <summary>Only the first so many of what is left, in the set's order; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>The indices of the chosen pictures, ascending.</summary>
    /// <param name="set">What messages call the set.</param>
    /// <param name="paths">All pictures, in the set's order.</param>
    /// <param name="classes">Their classes.</param>
    /// <param name="names">The network's classes, by which <see cref="Classes"/> may be named too.</param>
    /// <exception cref="ImageSetException">The set has no such class, or none at all.</exception>
    public int[] Choose(string set, IReadOnlyList<string> paths, IReadOnlyList<string?> classes, ClassNames? names = null)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(classes);
        IEnumerable<int> chosen = Enumerable.Range(0, paths.Count);
        if ((Classes.Count > 0 || PerClass is not null) && classes.All(name => name is null))
            throw new ImageSetException($"image set {set} has no classes to choose by; give them with a label file, or lay each class in a folder of its own");
        if (Classes.Count > 0)
        {
            var wanted = Wanted(set, [.. classes.OfType<string>().Distinct().Order(StringComparer.Ordinal)], names);
            chosen = chosen.Where(i => classes[i] is { } name && wanted.Contains(name));
        }
        if (PerClass is { } each)
            chosen = chosen.Where(i => classes[i] is not null).GroupBy(i => classes[i]).SelectMany(same => Drawn(same, each, paths));
        if (Sample is { } sample)
            chosen = Drawn(chosen, sample, paths);
        return [.. chosen.Order().Take(Limit ?? int.MaxValue)];
    }

    /// <summary>One line for people and records, e.g. "classes cat, dog; 10 of each class, seed 3"; empty where all pictures are chosen.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        if (Classes.Count > 0)
            parts.Add($"classes {string.Join(", ", Classes)}");
        if (PerClass is { } each)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{each} of each class, seed {Seed}"));
        if (Sample is { } sample)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{sample} drawn, seed {Seed}"));
        if (Limit is { } limit)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"the first {limit}"));
        return string.Join("; ", parts);
    }

    private HashSet<string> Wanted(string set, string[] known, ClassNames? names)
    {
        var wanted = new HashSet<string>();
        foreach (var name in Classes)
        {
            var output = names?.Find(name)?.Index;
            string[] meant = [.. known.Where(other => other == name || (output is not null && names!.Find(other)?.Index == output))];
            if (meant.Length == 0)
                throw new ImageSetException($"image set {set} has no class '{name}'; it has {Some(known)}");
            wanted.UnionWith(meant);
        }
        return wanted;
    }

    private static string Some(string[] known) => string.Join(", ", known.Take(12)) + (known.Length > 12 ? $" and {known.Length - 12} more" : "");

    // By a hash of seed and path: the same as a draw without replacement, without an order that it would depend on.
    private IEnumerable<int> Drawn(IEnumerable<int> from, int count, IReadOnlyList<string> paths) => from
        .Select(i => (i, Rank: Hashing.Hex(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Seed}\0{paths[i]}")))))
        .OrderBy(draw => draw.Rank, StringComparer.Ordinal).Take(count).Select(draw => draw.i);
}
