using Microsoft.EntityFrameworkCore;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Worker;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Cli.Verify;

/// <summary>Draws the patches and deconvolutions of the neurons under verification again and compares them with the stored ones.</summary>
internal static class RedrawnPictures
{
    // Float noise moves single values by a step, and the maximum of a pooling window to its neighbour; another picture differs everywhere.
    private const int Step = 4;
    private const double Share = 0.01;

    /// <summary>Adds pictures that differ to <paramref name="findings"/>. Returns the number of pictures compared.</summary>
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
        var compared = 0;
        var folder = Directory.CreateTempSubdirectory("viz-verify-").FullName;
        try
        {
            var scratch = new FolderObjectStore(folder);
            var handler = new RenderPatchesHandler(scratch);
            await using var catalog = atlas.Database.Open();
            foreach (var neuron in neurons.Where(neuron => neuron.Patches.Count > 0))
            {
                var keys = await catalog.Pictures.Where(picture => picture.LayerId == neuron.Record.LayerId
                        && picture.Channel == neuron.Channel && picture.Key != null
                        && (picture.Method == PictureMethod.Top9 || picture.Method == PictureMethod.Deconv))
                    .Select(picture => picture.Key!).Order().ToListAsync(cancellation);
                keys.RemoveAll(damaged.Contains);
                if (keys.Count == 0)
                    continue;
                var table = AtlasKeys.LayerTable(atlas.Spec.Id, neuron.Layer.Name);
                if (!await scratch.ExistsAsync(table, cancellation))
                {
                    if (await atlas.Store.TryGetAsync(table, cancellation) is not { } bytes)
                    {
                        findings.Add($"object {table}: missing");
                        continue;
                    }
                    await scratch.PutAsync(table, bytes, cancellation);
                }
                try
                {
                    var layer = atlas.Spec.Layers.Single(layer => layer.Name == neuron.Layer.Name).Index;
                    var command = new RenderPatches(atlas.Spec.Id, 0, 1, layer, neuron.Channel, neuron.Channel + 1);
                    await handler.RunAsync(runtime, command, new Progress<int>(), cancellation);
                }
                // The image has a finding of its own.
                catch (Exception failure) when ((failure as AggregateException)?.InnerException is UnreadableImageException
                    || failure is UnreadableImageException)
                {
                    continue;
                }
                foreach (var key in keys)
                {
                    if (await FindDifferenceAsync(atlas.Store, scratch, key, cancellation) is { } difference)
                        findings.Add($"picture {key}: {difference}");
                    compared++;
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        return compared;
    }

    /// <summary>Says how a stored picture differs from the one drawn again; null if it does not, or cannot be read.</summary>
    internal static async Task<string?> FindDifferenceAsync(
        IObjectStore store, FolderObjectStore scratch, string key, CancellationToken cancellation)
    {
        if (await scratch.TryGetAsync(key, cancellation) is not { } expected)
            return "is no picture of this neuron";
        // Missing and damaged pictures have findings of their own.
        if (await store.TryGetAsync(key, cancellation) is not { } actual)
            return null;
        var drawn = Png.Decode(expected, key);
        RgbImage stored;
        try
        {
            stored = Png.Decode(actual, key);
        }
        catch (UnreadableImageException)
        {
            return null;
        }
        if ((drawn.Width, drawn.Height) != (stored.Width, stored.Height))
            return $"{stored.Width}x{stored.Height} pixels, drawn again {drawn.Width}x{drawn.Height}";
        var different = drawn.Pixels.Zip(stored.Pixels).Count(pair => Math.Abs(pair.First - pair.Second) > Step);
        var share = (double)different / drawn.Pixels.Length;
        return share > Share ? $"differs from the one drawn again in {share:P1} of its values" : null;
    }
}
