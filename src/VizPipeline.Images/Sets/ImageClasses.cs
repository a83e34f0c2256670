using System.Text.RegularExpressions;

namespace VizPipeline.Images;

/// <summary>Determines the class of each image of a set.</summary>
internal static partial class ImageClasses
{
    public static string?[] Find(LabelFile? labels, IReadOnlyDictionary<string, string> listed, FileListing listing)
    {
        if (labels is not null)
            return [.. labels.For(listing.Paths)];
        // If a list or an archive labels some of its images itself, the others have no class.
        if (listed.Count > 0)
            return [.. listing.Paths.Select(path => listed.GetValueOrDefault(path))];
        var labelled = listing.Labels.Keys.Select(listing.ArchiveOf).ToHashSet();
        var archives = listing.Paths.Select(listing.ArchiveOf).ToList();
        var inner = listing.Paths.Zip(
            archives, (path, archive) => archive is null ? path : labelled.Contains(archive) ? null : path[(archive.Length + 1)..])
            .ToList();
        var inFolders = inner.Any(path => path?.Contains('/') == true);
        return [.. inner.Select(
            (path, i) => path is null ? listing.Labels.GetValueOrDefault(listing.Paths[i]) : inFolders ? Folder(path) : Synset(path))];
    }

    private static string? Folder(string path) => path.IndexOf('/') is var slash && slash > 0 ? path[..slash] : null;

    private static string? Synset(string path) => SynsetName().Match(path) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex(@"^(n\d{8})_")]
    private static partial Regex SynsetName();
}
