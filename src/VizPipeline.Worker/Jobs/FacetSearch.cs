using TorchSharp;
using VizPipeline.ActivationStore;
using VizPipeline.Jobs;
using VizPipeline.Methods.Facets;
using VizPipeline.Network.Execution;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Jobs;

/// <summary>Finds the facets of a range of neurons of a layer from their top images (docs/methods.md, section 7).</summary>
internal sealed class FacetSearch(AtlasRuntime atlas, FindFacets command)
{
    /// <summary>Reads the top images of each neuron of the range.</summary>
    /// <exception cref="CorruptTableException">The list is damaged, or the atlas is older than such lists.</exception>
    public async Task<IReadOnlyList<TopListEntry>[]> ReadTopImagesAsync(IObjectStore store, CancellationToken cancellation)
    {
        var layer = atlas.Spec.GetLayer(command.Layer);
        var tops = new IReadOnlyList<TopListEntry>[command.EndChannel - command.FirstChannel];
        for (var i = 0; i < tops.Length; i++)
            tops[i] = await TopList.ReadAsync(
                store, command.AtlasId, layer.Name, TopList.Top, layer.Channels, command.FirstChannel + i, cancellation)
                ?? throw new CorruptTableException(
                    $"{AtlasKeys.TopList(command.AtlasId, layer.Name, TopList.Top, "activations")}: missing; the atlas was built by a "
                    + "version without lists of the top 100 images: build it anew for facets");
        return tops;
    }

    /// <summary>Divides the top images of each neuron. Samples are processed in the order of the images, which the neurons share.</summary>
    /// <param name="tops">The top images of each neuron of the range.</param>
    /// <param name="progress">Receives the number of completed and of all samples.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="AggregateException">An image that the search could read is unreadable now.</exception>
    public FacetClusters[] Divide(
        IReadOnlyList<TopListEntry>[] tops, Action<int, int> progress, CancellationToken cancellation)
    {
        var layer = atlas.Layer(command.Layer);
        var contributions = new Contributions(
            atlas.Runner, layer, WorkEstimate.FacetsByRegion(atlas.Spec, atlas.Spec.GetLayer(command.Layer)));
        var vectors = tops.Select(of => new float[of.Count][]).ToArray();
        Sample[] samples = [.. tops.SelectMany((of, neuron) => of.Select((entry, place) => new Sample(neuron, place, entry)))
            .OrderBy(sample => sample.Entry.Image)];
        for (var done = 0; done < samples.Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            var batch = Take(samples, done, contributions);
            Compute(contributions, batch, layer.Shape.Width, vectors);
            progress(done += batch.Length, samples.Length);
        }
        var found = new FacetClusters[tops.Length];
        Parallel.For(0, tops.Length, i => found[i] = FacetClusters.Find(vectors[i], command.FirstChannel + i));
        return found;
    }

    // As many samples as regions, or as whole images, fit into a batch.
    private static Sample[] Take(Sample[] samples, int first, Contributions contributions)
    {
        if (contributions.IsByRegion)
            return samples[first..Math.Min(samples.Length, first + contributions.ItemsPerBatch)];
        var images = new HashSet<int>();
        return [.. samples.Skip(first).TakeWhile(sample => images.Contains(sample.Entry.Image)
            || (images.Count < contributions.ItemsPerBatch && images.Add(sample.Entry.Image)))];
    }

    private void Compute(Contributions contributions, Sample[] batch, int width, float[][][] vectors)
    {
        using var scope = torch.NewDisposeScope();
        var (crops, slots) = LoadedCrops.Load(atlas, [.. batch.Select(sample => sample.Entry.Image)]);
        var images = atlas.Upload(crops, crops.Length / atlas.Preprocessing.CropBytes);
        var sites = new Sites(
            slots, [.. batch.Select(sample => sample.Entry.Position / width)], [.. batch.Select(sample => sample.Entry.Position % width)]);
        var found = contributions.Compute(images, sites, [.. batch.Select(sample => command.FirstChannel + sample.Neuron)]);
        for (var i = 0; i < batch.Length; i++)
            vectors[batch[i].Neuron][batch[i].Place] = found[i];
    }

    private readonly record struct Sample(int Neuron, int Place, TopListEntry Entry);
}
