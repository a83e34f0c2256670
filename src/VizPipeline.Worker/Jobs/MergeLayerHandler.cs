using VizPipeline.ActivationStore;
using VizPipeline.Jobs;
using VizPipeline.Methods.Dictionaries;
using VizPipeline.Methods.Search;
using VizPipeline.Network.Graph;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Jobs;

/// <summary>Merges the tallies of one layer into its profiles and its table of neurons and patches.</summary>
public sealed class MergeLayerHandler(IObjectStore store) : IJobHandler<MergeLayer>
{
    /// <inheritdoc/>
    public async Task<byte[]> RunAsync(AtlasRuntime atlas, MergeLayer command, IProgress<int> progress, CancellationToken cancellation)
    {
        // The atlas may have got more images since, which another job merges.
        var spec = atlas.Spec.UpTo(command.Images);
        var name = spec.GetLayer(command.Layer).Name;
        var merged = await StoredTallies.MergeAsync(store, spec.TallyKeys(name), cancellation);
        // Shards that were tallied when the atlas had fewer images kept values, and those of a larger sample.
        if (spec.Images.Count > ActivationDistribution.ExactImages)
            merged.Distribution.Sketch();
        if (spec.StableSamples)
            merged.KeepProfiles(ProfileSample.SelectStable(spec.Images.Count).ToHashSet());
        await store.PutAsync(AtlasKeys.LayerTally(command.AtlasId, name), TallyFormat.Write(merged), cancellation);
        await store.PutAsync(AtlasKeys.LayerProfiles(command.AtlasId, name), Profiles(merged).Write(), cancellation);
        await ListOf(merged.Neurons, TopTable.Depth, neuron => Examples(atlas, command.Layer, merged.Top.GetAll(neuron)))
            .PutAsync(store, command.AtlasId, name, TopList.Top, cancellation);
        if (merged.IsSigned)
            await ListOf(merged.Neurons, TopTable.Size, merged.GetBottom).PutAsync(
                store, command.AtlasId, name, TopList.Bottom, cancellation);
        if (merged.Classes.Count > 0)
            await ClassMeans.PutAsync(
                store, command.AtlasId, name, [.. merged.Classes.Select(row => (row.Key, row.Value.Images, row.Value.Sums))],
                merged.Neurons, cancellation);
        await MergeReconstructionAsync(atlas, spec, command, cancellation);
        await KeptImages.Of(spec).JoinAsync(store, command.Layer, cancellation);
        return VizJson.Write(Table(atlas, command.Layer, merged) with { Images = command.Images });
    }

    private async Task MergeReconstructionAsync(
        AtlasRuntime atlas, AtlasSpec spec, MergeLayer command, CancellationToken cancellation)
    {
        var layer = atlas.Layer(command.Layer);
        if (layer.Kind != LayerKind.Dictionary)
            return;
        Reconstruction? whole = null;
        for (var shard = 0; shard < spec.ShardCount(); shard++)
        {
            var part = VizJson.Read<Reconstruction>(
                await store.GetAsync(AtlasKeys.ScanReconstruction(command.AtlasId, shard, layer.Name), cancellation));
            whole = whole?.Plus(part) ?? part;
        }
        await store.PutAsync(AtlasKeys.Reconstruction(command.AtlasId, layer.Name), VizJson.Write(FactsOf(whole!)), cancellation);
    }

    /// <summary>Returns what the sums over an image set say of a dictionary.</summary>
    public static DictionaryFacts FactsOf(Reconstruction sums)
    {
        ArgumentNullException.ThrowIfNull(sums);
        return new DictionaryFacts(sums.Places, sums.R2(), sums.L0(), sums.DeadShare());
    }

    private static TopList ListOf(int neurons, int depth, Func<int, IReadOnlyList<TopEntry>> entriesOf)
    {
        var list = new TopList(neurons, depth);
        for (var neuron = 0; neuron < neurons; neuron++)
        {
            foreach (var (rank, entry) in entriesOf(neuron).Index())
                list.Set(neuron, rank, entry.Value, entry.Image, entry.Position);
        }
        return list;
    }

    private static ActivationProfiles Profiles(LayerTally tally)
    {
        int[] images = [.. tally.Profiles.Keys];
        var values = new float[tally.Neurons * images.Length];
        for (var i = 0; i < images.Length; i++)
        {
            var activations = tally.Profiles[images[i]];
            for (var neuron = 0; neuron < activations.Length; neuron++)
                values[(neuron * images.Length) + i] = activations[neuron];
        }
        return new ActivationProfiles(tally.Neurons, images, values);
    }

    private static LayerTable Table(AtlasRuntime atlas, int layer, LayerTally tally)
    {
        var (neurons, patches) = (new List<NeuronRow>(tally.Neurons), new List<PatchRow>(tally.Neurons * TopTable.Size));
        for (var channel = 0; channel < tally.Neurons; channel++)
        {
            neurons.Add(Neuron(atlas, layer, channel, tally));
            patches.AddRange(Patches(atlas, layer, channel, tally));
        }
        return new LayerTable(layer, neurons, patches);
    }

    private static NeuronRow Neuron(AtlasRuntime atlas, int layer, int channel, LayerTally tally)
    {
        var isRectified = atlas.Layer(layer).IsRectified;
        int[] classes =
            [.. Examples(atlas, layer, tally.Top[channel]).Select(entry => atlas.Images.Images[entry.Image].Label).OfType<int>()];
        // Without any readable image the neuron exists, and nothing is known about it.
        if (NeuronStatistics.Compute(tally, channel, isRectified) is not { } facts)
            return new NeuronRow
            {
                Layer = layer,
                Channel = channel,
                Images = 0,
                Dead = isRectified,
                Histogram = new int[NeuronFacts.HistogramBins],
                TopClasses = [],
                ActiveImages = 0,
            };
        return new NeuronRow
        {
            Layer = layer,
            Channel = channel,
            Images = (int)facts.Images,
            Mean = facts.Mean,
            StandardDeviation = facts.Deviation,
            Max = facts.Max,
            FractionPositive = facts.FractionPositive,
            Dead = facts.IsDead,
            Q50 = facts.Quantiles[0],
            Q90 = facts.Quantiles[1],
            Q99 = facts.Quantiles[2],
            Q999 = facts.Quantiles[3],
            HistogramLow = facts.Histogram.Low,
            HistogramHigh = facts.Histogram.High,
            Histogram = [.. facts.Histogram.Counts.Select(count => (int)count)],
            BestClass = facts.BestClass,
            BestClassMean = facts.BestClassMean,
            ClassSelectivity = facts.ClassSelectivity,
            TopClasses = classes,
            TopPurity = classes.Length == 0 ? null : (double)classes.GroupBy(label => label).Max(group => group.Count()) / classes.Length,
            ActiveImages = (int)facts.ActiveImages,
        };
    }

    private static TopEntry[] Examples(AtlasRuntime atlas, int layer, ReadOnlySpan<TopEntry> entries) =>
        [.. entries.ToArray().TakeWhile(entry => !NeuronStatistics.IsNoExample(entry.Value, atlas.Layer(layer).IsRectified))];

    private static IEnumerable<PatchRow> Patches(AtlasRuntime atlas, int layer, int channel, LayerTally tally)
    {
        var entries = Examples(atlas, layer, tally.Top[channel]);
        for (var rank = 0; rank < entries.Length; rank++)
        {
            var entry = entries[rank];
            yield return PatchRows.Create(
                atlas, layer, channel, new TopListEntry(rank + 1, entry.Value, entry.Image, entry.Position));
        }
    }
}
