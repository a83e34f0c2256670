using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;
using VizPipeline.Network.Graph;
using VizPipeline.Worker;

namespace VizPipeline.Cli.Verify;

/// <summary>
/// Verifies an atlas: computes a random sample of its neurons again, with their statistics and pictures, and compares them; and checks the
/// spec, the image list, all pictures, and the hashes of all objects.
/// </summary>
internal static class AtlasVerification
{
    // Images besides those of the top patches: each is a chance to find a patch that was missed.
    private const int OtherImages = 32;

    /// <summary>Verifies the atlas.</summary>
    /// <exception cref="UsageException">The model or the images are not at the location in the spec.</exception>
    public static async Task<Verification> RunAsync(VerifiedAtlas atlas, VerifyOptions options, CancellationToken cancellation)
    {
        var findings = new List<string>();
        await CheckSpecAsync(atlas, findings, cancellation);
        var graph = await VerifiedModel.OpenAsync(atlas, options, findings, cancellation);
        var (objects, faulty) = await VerifiedObjects.CheckAsync(atlas, findings, cancellation);
        var (neurons, compared, hasStatistics, redrawn) = ((IReadOnlyList<NeuronUnderTest>)[], 0, false, 0);
        if (atlas.Spec.NeedsScan())
        {
            using var runtime = await VerifiedImages.OpenAsync(atlas, graph, options, findings, cancellation);
            var random = new Random(options.Seed);
            neurons = await SampleAsync(atlas, graph, random, options.Neurons, findings, cancellation);
            (compared, hasStatistics) = await CompareImagesAsync(
                atlas, runtime, neurons, random, options.IsQuick, findings, cancellation);
            redrawn = await RedrawnPictures.CompareAsync(atlas, runtime, neurons, faulty, findings, cancellation)
                + await VerifiedFacets.CompareAsync(atlas, runtime, neurons, faulty, findings, cancellation);
        }
        return new Verification
        {
            Neurons = neurons.Count,
            AllNeurons = atlas.Spec.NeuronCount(),
            Patches = neurons.Sum(neuron => neuron.Patches.Count),
            Images = compared,
            HasStatistics = hasStatistics,
            InTables = await VerifiedTables.CompareAsync(atlas, findings, cancellation),
            Redrawn = redrawn,
            Pictures = await VerifiedPictures.CheckAsync(atlas, faulty, findings, cancellation),
            Objects = objects,
            Findings = findings,
        };
    }

    private static async Task CheckSpecAsync(VerifiedAtlas atlas, List<string> findings, CancellationToken cancellation)
    {
        if (atlas.Spec.Hash() != atlas.Row.SpecHash)
            findings.Add("spec: the spec in the catalog does not match its recorded hash");
        if (await atlas.Store.TryGetAsync(AtlasKeys.Spec(atlas.Spec.Id), cancellation) is not { } bytes)
            findings.Add("spec: spec.json is missing");
        else if (VizJson.Read<AtlasSpec>(bytes).Hash() != atlas.Row.SpecHash)
            findings.Add("spec: spec.json belongs to another atlas");
    }

    private static async Task<IReadOnlyList<NeuronUnderTest>> SampleAsync(
        VerifiedAtlas atlas, NetworkGraph graph, Random random, int count, List<string> findings, CancellationToken cancellation)
    {
        await using var catalog = atlas.Database.Open();
        var layers = (await catalog.LayersAsync(atlas.Row.Id, cancellation))
            .ToDictionary(layer => layer.Id, layer => graph.Layer(layer.Name));
        var ids = layers.Keys.ToList();
        // Neurons of layers that are not merged yet have no results to compare.
        var known = await catalog.Neurons.Where(neuron => ids.Contains(neuron.LayerId) && neuron.Images != null)
            .OrderBy(neuron => neuron.LayerId).ThenBy(neuron => neuron.Channel)
            .Select(neuron => new { neuron.LayerId, neuron.Channel }).ToArrayAsync(cancellation);
        random.Shuffle(known);
        var sample = new List<NeuronUnderTest>();
        foreach (var place in known.Take(count).OrderBy(place => place.LayerId).ThenBy(place => place.Channel))
        {
            var neuron = await catalog.Neurons.AsNoTracking()
                .SingleAsync(n => n.LayerId == place.LayerId && n.Channel == place.Channel, cancellation);
            var patches = await catalog.Patches.AsNoTracking()
                .Where(patch => patch.LayerId == place.LayerId && patch.Channel == place.Channel)
                .OrderBy(patch => patch.Rank).ToListAsync(cancellation);
            sample.Add(new NeuronUnderTest(layers[place.LayerId], neuron, patches, graph.InputShape, findings));
        }
        return sample;
    }

    private static async Task<(int Images, bool HasStatistics)> CompareImagesAsync(
        VerifiedAtlas atlas, AtlasRuntime runtime, IReadOnlyList<NeuronUnderTest> neurons, Random random, bool isQuick,
        List<string> findings, CancellationToken cancellation)
    {
        if (neurons.Count == 0)
            return (0, false);
        var (images, statistics) = (runtime.Crops, new VerifiedStatistics(neurons));
        var single = new SingleImages(runtime.Runner, images.Preprocessing, neurons, statistics);
        var (compared, isComplete) = (0, !isQuick);
        foreach (var index in await ChooseImagesAsync(atlas, images.Manifest.Entries.Count, neurons, random, isQuick, cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            var entry = images.Manifest.Entries[index];
            var image = images.Get(index);
            if (image.Crop is null)
            {
                findings.Add($"image {entry.Path}: {image.Unreadable}");
                isComplete = false;
                continue;
            }
            single.Compare(index, entry.Path, entry.ClassIndex, image.Crop);
            compared++;
        }
        // Without an image that the atlas had, its statistics cannot be had again.
        if (isComplete)
            statistics.Compare(runtime.Images, findings);
        return (compared, isComplete);
    }

    // All images that the scan could read; where it has to be quick, those of the patches and some others.
    private static async Task<IReadOnlyList<int>> ChooseImagesAsync(
        VerifiedAtlas atlas, int count, IReadOnlyList<NeuronUnderTest> neurons, Random random, bool isQuick,
        CancellationToken cancellation)
    {
        await using var catalog = atlas.Database.Open();
        var unreadable = (await catalog.UnreadableImagesAsync(atlas.Row.Id, cancellation)).Select(image => image.ImageIndex);
        var tops = neurons.SelectMany(neuron => neuron.Patches).Select(patch => patch.ImageIndex).Where(index => index < count).ToHashSet();
        var others = Enumerable.Range(0, count).Except(unreadable).Except(tops).ToArray();
        random.Shuffle(others);
        return [.. tops.Concat(isQuick ? others.Take(OtherImages) : others).Order()];
    }
}
