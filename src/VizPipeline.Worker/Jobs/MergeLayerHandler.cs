using VizPipeline.Jobs;
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
        var name = atlas.Spec.Layers[command.Layer].Name;
        var keys = command.Parts > 0
            ? Enumerable.Range(0, command.Parts).Select(part => AtlasKeys.GatheredTally(command.AtlasId, part, name))
            : Enumerable.Range(0, atlas.Spec.ShardCount()).Select(shard => AtlasKeys.ScanTally(command.AtlasId, shard, name));
        var merged = await StoredTallies.MergeAsync(store, keys, cancellation);
        await store.PutAsync(AtlasKeys.LayerTally(command.AtlasId, name), TallyFormat.Write(merged), cancellation);
        await store.PutAsync(AtlasKeys.LayerProfiles(command.AtlasId, name), Profiles(merged).Write(), cancellation);
        return VizJson.Write(Table(atlas, command.Layer, merged));
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
        int[] classes = [.. tally.Top[channel].ToArray().Select(entry => atlas.Images.Images[entry.Image].Label).OfType<int>()];
        // Without any readable image the neuron exists, and nothing is known about it.
        if (NeuronStatistics.Compute(tally, channel) is not { } facts)
            return new NeuronRow
            {
                Layer = layer,
                Channel = channel,
                Images = 0,
                Dead = true,
                Histogram = new int[NeuronFacts.HistogramBins],
                TopClasses = [],
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
        };
    }

    private static IEnumerable<PatchRow> Patches(AtlasRuntime atlas, int layer, int channel, LayerTally tally)
    {
        var (place, input) = (atlas.Layer(layer), atlas.Runner.Graph.InputShape);
        var entries = tally.Top[channel].ToArray();
        for (var rank = 0; rank < entries.Length; rank++)
        {
            var (y, x) = Math.DivRem(entries[rank].Position, place.Shape.Width);
            var box = place.Field.At(y, x);
            yield return new PatchRow
            {
                Layer = layer,
                Channel = channel,
                Rank = rank + 1,
                Image = entries[rank].Image,
                Activation = entries[rank].Value,
                Y = y,
                X = x,
                Box = ToPixels(box),
                Clipped = ToPixels(box.Clip(input.Height, input.Width)),
            };
        }
    }

    private static PixelBox ToPixels(Box box) => new(box.X0, box.Y0, box.X1, box.Y1);
}
