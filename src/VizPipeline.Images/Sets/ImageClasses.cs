using System.Text.RegularExpressions;

namespace VizPipeline.Images;

/// <summary>Which class each picture of a set belongs to.</summary>
internal static partial class ImageClasses
{
    public static string?[] Find(IReadOnlyList<string> paths, LabelFile? labels, params IReadOnlyDictionary<string, string>[] given)
    {
        if (labels is not null)
            return [.. labels.For(paths)];
        // A set that says some of its classes itself means by the others that they have none.
        if (given.FirstOrDefault(labels => labels.Count > 0) is { } own)
            return [.. paths.Select(path => own.GetValueOrDefault(path))];
        var inner = paths.Select(ImageFiles.Inner).ToList();
        var inFolders = inner.Any(path => path.Contains('/'));
        return [.. inner.Select(path => inFolders ? Folder(path) : Synset(path))];
    }

    private static string? Folder(string path) => path.IndexOf('/') is var slash && slash > 0 ? path[..slash] : null;

    private static string? Synset(string path) => SynsetName().Match(path) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex(@"^(n\d{8})_")]
    private static partial Regex SynsetName();
}
