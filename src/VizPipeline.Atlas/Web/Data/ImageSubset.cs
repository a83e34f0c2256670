using System.Globalization;
using System.IO.Enumeration;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>A part of the image set. An image belongs to it if it fulfils all conditions that are given.</summary>
/// <param name="Class">Name or index of the images' class.</param>
/// <param name="Path">Pattern of their paths, e.g. <c>val/*</c>; * and ? are wildcards.</param>
/// <param name="Images">Their indices.</param>
/// <param name="Label">Index of their class, for callers that know it: a class may have the name of another one's index.</param>
internal sealed record ImageSubset(
    string? Class = null, string? Path = null, IReadOnlyCollection<int>? Images = null, int? Label = null)
{
    /// <summary>Parses indices that are separated by commas; returns null for null.</summary>
    /// <exception cref="QueryException">One of them is no index.</exception>
    public static IReadOnlyCollection<int>? ParseImages(string? text) => text is not { Length: > 0 } ? null :
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part =>
            int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                ? index : throw new QueryException($"images: '{Format.Excerpt(part)}' is not the index of an image"))];

    /// <summary>Returns the indices of the images, or null for all of them.</summary>
    /// <exception cref="QueryException">There is no such class.</exception>
    public async Task<HashSet<int>?> FindAsync(CatalogContext catalog, LoadedAtlas atlas, CancellationToken cancellation)
    {
        if (Class is not { Length: > 0 } && Path is not { Length: > 0 } && Label is null)
            return Images is null ? null : [.. Images];
        var id = atlas.Row.Id;
        var rows = catalog.Images.AsNoTracking().Where(image => image.AtlasId == id);
        if (Class is { Length: > 0 } name)
        {
            var label = ClassIndex.Find(atlas, "class", name);
            rows = rows.Where(image => image.Label == label);
        }
        if (Label is { } index)
            rows = rows.Where(image => image.Label == index);
        var found = new HashSet<int>();
        await foreach (var image in rows.Select(image => new { image.ImageIndex, image.Path }).AsAsyncEnumerable()
            .WithCancellation(cancellation))
        {
            if (Path is not { Length: > 0 } || FileSystemName.MatchesSimpleExpression(Path, image.Path, ignoreCase: false))
                found.Add(image.ImageIndex);
        }
        if (Images is not null)
            found.IntersectWith(Images);
        return found;
    }
}

/// <summary>Finds the class that a user names.</summary>
internal static class ClassIndex
{
    private const int NamesShown = 5;

    /// <summary>Returns the index of a class by its index, its name, or a part of its name that only one class has.</summary>
    /// <param name="atlas">The atlas.</param>
    /// <param name="parameter">The parameter, for the message.</param>
    /// <param name="text">What the user gave.</param>
    /// <exception cref="QueryException">No class or more than one fits.</exception>
    public static int Find(LoadedAtlas atlas, string parameter, string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            return index;
        var fits = atlas.FindClasses(text);
        int[] same = [.. fits.Where(fit => IsNamed(atlas.ClassName(fit), text))];
        return (same, fits) switch
        {
            ([var exact], _) => exact,
            ([], [var only]) => only,
            ([], []) => throw new QueryException($"{parameter}: atlas '{atlas.Id}' has no class '{Format.Excerpt(text)}'"),
            _ => throw new QueryException(
                $"{parameter}: '{Format.Excerpt(text)}' fits {fits.Count} classes ("
                + string.Join(", ", fits.Take(NamesShown).Select(fit => $"{fit} {atlas.ClassName(fit)}"))
                + (fits.Count > NamesShown ? ", ..." : "") + "); give the index"),
        };
    }

    // A name may list synonyms: "tench, Tinca tinca".
    private static bool IsNamed(string? name, string text) => string.Equals(name, text, StringComparison.OrdinalIgnoreCase)
        || name?.Split(',', StringSplitOptions.TrimEntries).Contains(text, StringComparer.OrdinalIgnoreCase) == true;
}
