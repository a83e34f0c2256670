using System.Text.Json;
using VizPipeline.Catalog;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>The folder of a finished atlas, read for comparison.</summary>
public sealed class FinishedAtlas(string folder)
{
    private const string Slug = "sample-network";

    /// <summary>Returns all objects that must not depend on how often the run was interrupted, by path.</summary>
    /// <remarks>
    /// Excluded: manifest.json, which contains the seconds of work, machines, which contains the threads, objects.json, which contains the
    /// hashes of all others, and atlas.db with its lock and log, which contains times of jobs and is compared by <see cref="Rows"/>. Model
    /// and images are the same files in all runs, so spec.json and images.json are included.
    /// </remarks>
    public SortedDictionary<string, byte[]> Objects() => new(
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file))
            .Where(file => file is not ("manifest.json" or "objects.json") && !file.StartsWith("machines/", StringComparison.Ordinal)
                && !file.StartsWith("atlas.db", StringComparison.Ordinal))
            .ToDictionary(file => file, file => File.ReadAllBytes(Path.Combine(folder, file))), StringComparer.Ordinal);

    /// <summary>Counts the objects that jobs have written so far; 0 if the folder does not exist yet.</summary>
    public int Progress() => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Count(file => !file.EndsWith(".tmp", StringComparison.Ordinal)) : 0;

    public bool IsPlanned => File.Exists(Path.Combine(folder, "atlas.db"));

    /// <summary>Returns the neurons, patches, pictures and images of the catalog, one JSON line each.</summary>
    public async Task<List<string>> Rows()
    {
        await using var catalog = Open();
        var (atlas, lines) = (await Find(catalog), new List<string>());
        await foreach (var (layer, neuron) in catalog.NeuronsAsync(atlas.Id))
            lines.Add($"{layer.Name} {JsonSerializer.Serialize(neuron)}");
        await foreach (var (layer, patch) in catalog.PatchesAsync(atlas.Id))
            lines.Add($"{layer.Name} {JsonSerializer.Serialize(patch)}");
        await foreach (var (layer, picture) in catalog.PicturesAsync(atlas.Id))
            lines.Add($"{layer.Name} {JsonSerializer.Serialize(picture)}");
        await foreach (var (layer, facet) in catalog.FacetsAsync(atlas.Id))
            lines.Add($"{layer.Name} {JsonSerializer.Serialize(facet)}");
        await foreach (var image in catalog.ImagesAsync(atlas.Id))
            lines.Add(JsonSerializer.Serialize(image));
        return lines;
    }

    public async Task<IReadOnlyList<Image>> Unreadable()
    {
        await using var catalog = Open();
        return await catalog.UnreadableImagesAsync((await Find(catalog)).Id);
    }

    public static void AssertSame(FinishedAtlas expected, FinishedAtlas actual)
    {
        var (one, other) = (expected.Objects(), actual.Objects());
        Assert.Equal(one.Keys, other.Keys);
        Assert.All(one, entry => Assert.True(entry.Value.AsSpan().SequenceEqual(other[entry.Key]), $"{entry.Key} differs"));
    }

    private CatalogContext Open() => new SqliteCatalogDatabase(Path.Combine(folder, "atlas.db")).Open();

    private static async Task<VizPipeline.Catalog.Atlas> Find(CatalogContext catalog) =>
        await catalog.FindAtlasAsync(Slug) is { State: AtlasState.Completed } atlas ? atlas : throw new InvalidOperationException(
            "the atlas is not complete");
}
