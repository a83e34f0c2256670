using Microsoft.EntityFrameworkCore;
using VizPipeline.ActivationStore;
using VizPipeline.Catalog;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Worker;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Cli.Verify;

/// <summary>
/// Finds the facets of the neurons under verification again, and compares them and the pictures of their patches and means with the stored
/// ones. Ascents are not run.
/// </summary>
internal static class VerifiedFacets
{
    // Float noise moves an image that lies between two facets.
    private const double Share = 0.05;

    /// <summary>Adds what differs to <paramref name="findings"/>. Returns the number of pictures compared.</summary>
    /// <param name="atlas">The atlas.</param>
    /// <param name="runtime">The atlas as workers open it.</param>
    /// <param name="neurons">The sample.</param>
    /// <param name="damaged">Keys of objects that have been reported.</param>
    /// <param name="findings">Receives the differences.</param>
    /// <param name="cancellation">Stops it.</param>
    public static async Task<int> CompareAsync(
        VerifiedAtlas atlas, AtlasRuntime runtime, IReadOnlyList<NeuronUnderTest> neurons, IReadOnlySet<string> damaged,
        List<string> findings, CancellationToken cancellation)
    {
        if (!atlas.Spec.Methods.HasFlag(AtlasMethods.Facets))
            return 0;
        var compared = 0;
        var folder = Directory.CreateTempSubdirectory("viz-verify-").FullName;
        try
        {
            var scratch = new FolderObjectStore(folder);
            await using var catalog = atlas.Database.Open();
            foreach (var neuron in neurons)
            {
                var stored = await catalog.Facets.AsNoTracking()
                    .Where(facet => facet.LayerId == neuron.Record.LayerId && facet.Channel == neuron.Channel)
                    .OrderBy(facet => facet.Number).ToListAsync(cancellation);
                // None yet, or none at all where no operator with weights computes the neurons.
                if (stored.Count == 0 || !await CopyTopListAsync(atlas, scratch, neuron.Layer.Name, damaged, cancellation))
                    continue;
                if (await FindAsync(atlas, runtime, scratch, neuron, cancellation) is not { } table)
                    continue;
                if (FindDifference(stored, table.Facets!) is { } difference)
                {
                    findings.Add($"{neuron.Name}: {difference}");
                    continue;
                }
                compared += await ComparePicturesAsync(atlas, catalog, scratch, neuron, damaged, findings, cancellation);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        return compared;
    }

    // Missing and changed files have findings of their own.
    private static async Task<bool> CopyTopListAsync(
        VerifiedAtlas atlas, FolderObjectStore scratch, string layer, IReadOnlySet<string> damaged, CancellationToken cancellation)
    {
        foreach (var array in (string[])["activations", "images", "positions"])
        {
            var key = AtlasKeys.TopList(atlas.Spec.Id, layer, TopList.Top, array);
            if (await scratch.ExistsAsync(key, cancellation))
                continue;
            if (damaged.Contains(key) || await atlas.Store.TryGetAsync(key, cancellation) is not { } bytes)
                return false;
            await scratch.PutAsync(key, bytes, cancellation);
        }
        return true;
    }

    private static async Task<PictureTable?> FindAsync(
        VerifiedAtlas atlas, AtlasRuntime runtime, FolderObjectStore scratch, NeuronUnderTest neuron, CancellationToken cancellation)
    {
        var layer = atlas.Spec.Layers.Single(layer => layer.Name == neuron.Layer.Name).Index;
        try
        {
            var command = new FindFacets(atlas.Spec.Id, 0, 1, layer, neuron.Channel, neuron.Channel + 1);
            return VizJson.Read<PictureTable>(await new FindFacetsHandler(scratch) { Ascends = false }.RunAsync(
                runtime, command, new Progress<int>(), cancellation));
        }
        // The image, or the list, has a finding of its own.
        catch (Exception failure) when ((failure as AggregateException)?.InnerException is UnreadableImageException
            || failure is UnreadableImageException or CorruptTableException)
        {
            return null;
        }
    }

    private static string? FindDifference(List<Facet> stored, IReadOnlyList<FacetRow> found)
    {
        var facets = found.SelectMany(facet => facet.Images.Select(image => (image, facet.Facet))).ToDictionary();
        var images = stored.SelectMany(facet => facet.ImageIndices.Select(image => (Image: image, facet.Number))).ToList();
        var moved = images.Count(image => facets.GetValueOrDefault(image.Image) != image.Number)
            + facets.Keys.Except(images.Select(image => image.Image)).Count();
        return moved > Share * Math.Max(facets.Count, images.Count)
            ? $"{moved} of {images.Count} images are in another facet than when it is found again" : null;
    }

    private static async Task<int> ComparePicturesAsync(
        VerifiedAtlas atlas, CatalogContext catalog, FolderObjectStore scratch, NeuronUnderTest neuron, IReadOnlySet<string> damaged,
        List<string> findings, CancellationToken cancellation)
    {
        var pictures = await catalog.Pictures.AsNoTracking().Where(picture => picture.LayerId == neuron.Record.LayerId
                && picture.Channel == neuron.Channel && picture.Method == PictureMethod.Facets && picture.Key != null)
            .OrderBy(picture => picture.Variant).ToListAsync(cancellation);
        var compared = 0;
        foreach (var key in pictures.Where(picture => !picture.Variant.EndsWith(FacetPicture.Ascent, StringComparison.Ordinal))
            .Select(picture => picture.Key!).Where(key => !damaged.Contains(key)))
        {
            if (await RedrawnPictures.FindDifferenceAsync(atlas.Store, scratch, key, cancellation) is { } difference)
                findings.Add($"picture {key}: {difference}");
            compared++;
        }
        return compared;
    }
}
