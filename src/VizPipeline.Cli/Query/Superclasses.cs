using VizPipeline.Cli.CommandLine;
using VizPipeline.Images;

namespace VizPipeline.Cli.Query;

/// <summary>A file that groups classes, in the format of label files: a class and its superclass per line, or a JSON object.</summary>
internal static class Superclasses
{
    private const int NamesShown = 8;

    /// <summary>Returns the indices of a superclass's classes.</summary>
    /// <param name="file">
    /// The file. It names classes as the atlas does, or by one of their synonyms ("tench" of "tench, Tinca tinca").
    /// </param>
    /// <param name="superclass">The superclass.</param>
    /// <param name="classes">The classes of the atlas's images.</param>
    /// <exception cref="UsageException">The file names none of the classes, or has no such superclass.</exception>
    /// <exception cref="ImageSetException">The file is missing or malformed.</exception>
    public static IEnumerable<int> Find(string file, string superclass, IReadOnlyList<string> classes)
    {
        var labels = LabelFile.Load(file);
        (int Class, string Name)[] names = [.. classes.Index().SelectMany(known => known.Item
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Prepend(known.Item).Distinct()
            .Select(name => (known.Index, name)))];
        var groups = labels.TryFor(names.Select(known => known.Name)).Zip(names, (group, known) => (Group: group, known.Class))
            .Where(row => row.Group is not null).ToLookup(row => row.Group!, row => row.Class, StringComparer.OrdinalIgnoreCase);
        if (groups.Count == 0)
            throw new UsageException(
                $"--superclasses '{file}' names none of the atlas's classes" + (classes.Count > 0 ? $", such as '{classes[0]}'" : ""));
        if (groups.Contains(superclass))
            return groups[superclass].Distinct();
        var known = groups.Select(group => group.Key).Order(StringComparer.Ordinal).ToList();
        throw new UsageException(
            $"--superclass '{superclass}' is not in '{file}'; of the atlas's classes it has {string.Join(", ", known.Take(NamesShown))}"
            + (known.Count > NamesShown ? $" and {known.Count - NamesShown} more" : ""));
    }
}
