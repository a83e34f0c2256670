using System.Globalization;
using System.Text.RegularExpressions;

namespace VizPipeline.Images;

/// <summary>
/// The user's name of an image set: a folder, an archive, several archives with braces (<c>shards/train-{000000..000147}.tar</c>,
/// <c>{train,val}.zip</c>), a text list of images, or the same in a bucket (except lists).
/// </summary>
/// <param name="Root">The folder or bucket that paths are relative to; workers open the same one.</param>
/// <param name="Only">The images and archives that make up the set; null for everything below the root.</param>
/// <param name="Labels">Classes from a list, by path.</param>
public sealed partial record ImageSetSource(string Root, IReadOnlyCollection<string>? Only, IReadOnlyDictionary<string, string> Labels)
{
    private const int MostPaths = 1_000_000;
    private const string BucketScheme = "s3://";
    private static readonly string[] ListExtensions = [".txt", ".csv", ".tsv", ".json"];

    /// <summary>Parses a name. Whether the root and its contents exist is checked when they are listed.</summary>
    /// <exception cref="ImageSetException">A range in braces is invalid, or a list cannot be used.</exception>
    public static ImageSetSource Parse(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        if (text.StartsWith(BucketScheme, StringComparison.OrdinalIgnoreCase))
        {
            if (ListExtensions.Contains(Path.GetExtension(text), StringComparer.OrdinalIgnoreCase))
            {
                throw new ImageSetException(
                    $"image set '{text}': a list is not read from a bucket; name a list on this machine, or the bucket's prefix");
            }
            return text.Contains('{') || ImageArchives.IsArchive(text) ? Below(text, Expand(text), BucketScheme.Length) : Whole(text);
        }
        if (Directory.Exists(text))
            return Whole(Path.GetFullPath(text));
        if (File.Exists(text))
        {
            return ImageArchives.IsArchive(text)
                || FileListing.IsPicture(Path.GetFileName(text)) ? Below(text, [Path.GetFullPath(text)], 0) : FromList(text);
        }
        return text.Contains('{') ? Below(text, [.. Expand(text).Select(Path.GetFullPath)], 0) : Whole(Path.GetFullPath(text));
    }

    /// <summary>Expands braces to paths: <c>{a,b}</c> is each alternative, <c>{08..12}</c> each number, with as many digits.</summary>
    /// <exception cref="ImageSetException">A brace is not closed, a range is invalid, or there are more than a million paths.</exception>
    internal static IReadOnlyList<string> Expand(string text)
    {
        List<string> paths = [""];
        var rest = text;
        while (rest.IndexOf('{') is var open and >= 0)
        {
            var close = rest.IndexOf('}', open);
            if (close < 0)
                throw new ImageSetException($"image set '{text}': a brace is not closed");
            var alternatives = Alternatives(text, rest[(open + 1)..close]);
            if ((long)paths.Count * alternatives.Count > MostPaths)
                throw TooMany(text);
            paths = [.. paths.SelectMany(path => alternatives.Select(alternative => path + rest[..open] + alternative))];
            rest = rest[(close + 1)..];
        }
        return [.. paths.Select(path => path + rest)];
    }

    private static List<string> Alternatives(string text, string inside)
    {
        if (Range().Match(inside) is not { Success: true } range)
            return inside.Contains(',') ? [.. inside.Split(',')] : throw new ImageSetException(
                $"image set '{text}': {{{inside}}} is neither a range such as {{000..147}} nor alternatives such as {{train,val}}");
        var (first, last) = (range.Groups[1].Value, range.Groups[2].Value);
        if (!long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            || !long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var to) || to < from)
            throw new ImageSetException($"image set '{text}': {{{inside}}} is no range from a smaller to a larger number");
        if (to - from >= MostPaths)
            throw TooMany(text);
        // As in a shell: leading zeros mean that all numbers have as many digits.
        var digits = first.StartsWith('0') || last.StartsWith('0') ? Math.Max(first.Length, last.Length) : 1;
        return [.. Enumerable.Range(0, (int)(to - from) + 1).Select(i => (from + i).ToString($"D{digits}", CultureInfo.InvariantCulture))];
    }

    private static ImageSetException TooMany(string text) => new($"image set '{text}' means more than {MostPaths} paths");

    private static ImageSetSource Whole(string root) => new(root, null, new Dictionary<string, string>());

    private static ImageSetSource Below(string text, IReadOnlyList<string> paths, int scheme)
    {
        var root = CommonFolder(paths);
        if (root.Length <= scheme)
            throw new ImageSetException($"image set '{text}' names archives of more than one bucket");
        string[] only = [.. paths.Select(path => path[root.Length..].TrimStart('/'))];
        return only.FirstOrDefault(path => !FileListing.IsArchive(path) && !FileListing.IsPicture(path)) is { } other
            ? throw new ImageSetException(
                $"image set '{text}': '{other}' is neither a picture nor an archive ({string.Join(' ', FileListing.ArchiveExtensions)})")
            : new(root, only, new Dictionary<string, string>());
    }

    /// <summary>
    /// Creates the source of a list. Its paths are below the list's folder, or anywhere; then their common folder is the root.
    /// </summary>
    private static ImageSetSource FromList(string file)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var listed = LabelFile.LoadList(file).Select(line => (Path: Path.GetFullPath(Path.Combine(folder, line.Key)), Label: line.Value))
            .ToList();
        var root = listed.All(line => line.Path.StartsWith(folder.TrimEnd('/') + '/', StringComparison.Ordinal))
            ? folder : CommonFolder([.. listed.Select(line => line.Path)]);
        var paths = listed.Select(line => (Path: line.Path[root.Length..].TrimStart('/'), line.Label)).DistinctBy(line => line.Path)
            .ToList();
        return new(root, [.. paths.Select(line => line.Path)], paths.Where(line => line.Label is not null)
            .ToDictionary(line => line.Path, line => line.Label!));
    }

    private static string CommonFolder(IReadOnlyList<string> paths)
    {
        var common = paths[0].Split('/')[..^1];
        foreach (var path in paths)
        {
            var parts = path.Split('/')[..^1];
            common = [.. common.Zip(parts).TakeWhile(pair => pair.First == pair.Second).Select(pair => pair.First)];
        }
        return string.Join('/', common) is { Length: > 0 } folder ? folder : "/";
    }

    [GeneratedRegex(@"\A(\d+)\.\.(\d+)\z")]
    private static partial Regex Range();
}
