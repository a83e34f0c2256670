using System.Globalization;
using System.Text;

namespace VizPipeline.Images;

/// <summary>
/// A part of an image set: some classes, a number of images per class, a number of images in all. Random draws depend only on the seed and
/// the images' paths, so every machine draws the same images, in whatever order it finds the files, and a set that grows keeps most of
/// them.
/// </summary>
public sealed record ImageSelection
{
    /// <summary>
    /// Only images of these classes, as named by the set or the class list; empty for all, including those without a class.
    /// </summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Number of images drawn from each class, or all if it has fewer; null for all.</summary>
    public int? PerClass { get; init; }

    /// <summary>Number of images drawn from the remaining ones; null for all.</summary>
    public int? Sample { get; init; }

    /// <summary>Seed of the draws.</summary>
    public int Seed { get; init; }

    /// <summary>Takes only the first remaining images, in the set's order; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>Returns the indices of the selected images, ascending.</summary>
    /// <param name="set">The set's name in messages.</param>
    /// <param name="paths">All images, in the set's order.</param>
    /// <param name="classes">Their classes.</param>
    /// <param name="names">The network's classes, whose names <see cref="Classes"/> may use too.</param>
    /// <exception cref="ImageSetException">The set has no such class, or no classes at all.</exception>
    public int[] Choose(string set, IReadOnlyList<string> paths, IReadOnlyList<string?> classes, ClassNames? names = null)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(classes);
        IEnumerable<int> chosen = Enumerable.Range(0, paths.Count);
        if ((Classes.Count > 0 || PerClass is not null) && classes.All(name => name is null))
        {
            throw new ImageSetException(
                $"image set {set} has no classes to choose by; give them with a label file, or lay each class in a folder of its own");
        }
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

    /// <summary>Returns one line, for example "classes cat, dog; 10 of each class, seed 3"; empty if all images are selected.</summary>
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

    private static string Some(string[] known) =>
        string.Join(", ", known.Take(12)) + (known.Length > 12 ? $" and {known.Length - 12} more" : "");

    // Ordered by a hash of seed and path: equivalent to a draw without replacement, but independent of the order.
    private IEnumerable<int> Drawn(IEnumerable<int> from, int count, IReadOnlyList<string> paths) => from
        .Select(i => (i, Rank: Hashing.Hex(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Seed}\0{paths[i]}")))))
        .OrderBy(draw => draw.Rank, StringComparer.Ordinal).Take(count).Select(draw => draw.i);
}
