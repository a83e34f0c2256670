using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Web.Data;

/// <summary>The filters that make one neuron, and the neurons that it feeds. All of it is empty where the atlas does not know.</summary>
/// <param name="Scale">Largest magnitude among the neuron's weights: what black and white mean in its kernels.</param>
/// <param name="Inputs">Its strongest inputs, up to 8, largest share first.</param>
/// <param name="Outputs">The neurons of later layers that read it most, up to 12, largest share first.</param>
public sealed record NeuronLinksView(float Scale, IReadOnlyList<NeuronInput> Inputs, IReadOnlyList<NeuronOutput> Outputs)
{
    /// <summary>Outputs of a neuron, at most.</summary>
    public const int MostOutputs = 12;

    /// <summary>
    /// The kernels of a neuron that reads an RGB image, [3, Height * Width] in the order red, green, blue; null for other neurons.
    /// </summary>
    public KernelRow? Colour
    {
        get
        {
            var planes = Inputs.Where(input => input.IsInput).OrderBy(input => input.Channel).ToList();
            if (planes.Count != 3 || planes.Count != Inputs.Count || planes.Exists(plane => plane.Kernel is null || plane.Kernel.Weights.Count != planes[0].Kernel!.Weights.Count))
                return null;
            return planes[0].Kernel! with { Weights = [.. planes.SelectMany(plane => plane.Kernel!.Weights)] };
        }
    }

    /// <summary>Reads the links of a neuron.</summary>
    /// <exception cref="ObjectStore.ObjectStoreException">The store does not answer.</exception>
    /// <exception cref="CorruptTableException">A table is damaged.</exception>
    public static async Task<NeuronLinksView> ReadAsync(LinkTables tables, AtlasView atlas, Layer layer, int channel, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentNullException.ThrowIfNull(atlas);
        ArgumentNullException.ThrowIfNull(layer);
        var outputs = new List<NeuronOutput>();
        foreach (var reader in ReadersOf(atlas.Spec, layer.LayerIndex))
        {
            if (await tables.FindAsync(atlas.Id, reader.Name, cancellation) is { } table)
                outputs.AddRange(LinksTo(table, layer.LayerIndex, channel).Select(link => new NeuronOutput(atlas.Layers[reader.Index], link.Channel, link.Share, link.Sum)));
        }
        var own = atlas.Spec.Layers[layer.LayerIndex].HasWeights() ? await tables.FindAsync(atlas.Id, layer.Name, cancellation) : null;
        var neuron = own is not null && channel >= 0 && channel < own.Neurons.Count ? own.Neurons[channel] : null;
        return new NeuronLinksView(
            neuron?.Largest ?? 0,
            [.. (neuron?.Inputs ?? []).Select(link => Input(atlas, neuron!, link))],
            [.. outputs.OrderByDescending(output => output.Share).ThenBy(output => output.Layer.LayerIndex).ThenBy(output => output.Channel).Take(MostOutputs)]);
    }

    private static NeuronInput Input(AtlasView atlas, NeuronInputsRow neuron, InputLinkRow link) => new(
        link.Layer >= 0 && link.Layer < atlas.Layers.Count ? atlas.Layers[link.Layer] : null,
        link.Channel, link.Input, link.IsInput, neuron.Norm > 0 ? link.Norm / neuron.Norm : 0, link.Sum, link.Kernel);

    private static IReadOnlyList<ReaderLinkRow> LinksTo(LinkTable table, int layer, int channel)
    {
        var channels = table.Readers.FirstOrDefault(read => read.Layer == layer)?.Channels ?? [];
        return channel >= 0 && channel < channels.Count ? channels[channel] : [];
    }

    // The layers whose tables may know who reads this one: at once, or behind a concatenation or addition. Of an atlas that does not
    // know what its layers read, all later ones.
    private static IEnumerable<LayerSpec> ReadersOf(AtlasSpec spec, int layer)
    {
        bool Reads(LayerSpec reader, ICollection<int> read) => reader.Index > layer && (reader.Inputs is not { } inputs || inputs.Any(read.Contains));
        var places = spec.Layers.Where(other => other.Kind == "merge" && Reads(other, [layer])).Select(merge => merge.Index).Append(layer).ToHashSet();
        return spec.Layers.Where(reader => reader.HasWeights() && Reads(reader, places));
    }
}

/// <summary>One input channel of a neuron.</summary>
/// <param name="Layer">The layer that it reads; null for the image, and where it is none of the atlas's layers.</param>
/// <param name="Channel">The channel there; of an RGB image 0, 1, 2 for red, green, blue; -1 where it is not known.</param>
/// <param name="Input">The channel among all that the layer's operator reads.</param>
/// <param name="IsInput">Whether it reads the image.</param>
/// <param name="Share">Norm of its kernel over the norm of all the neuron's weights, from 0 to 1; squares of shares add up to 1.</param>
/// <param name="Sum">Sum of its weights: whether the channel excites or inhibits on the whole.</param>
/// <param name="Kernel">Its weights; null for those of a fully connected layer over a large map.</param>
public sealed record NeuronInput(Layer? Layer, int Channel, int Input, bool IsInput, double Share, double Sum, KernelRow? Kernel);

/// <summary>A neuron that reads another.</summary>
/// <param name="Layer">Its layer.</param>
/// <param name="Channel">The channel there.</param>
/// <param name="Share">Norm of its weights to the other over the norm of all its weights, from 0 to 1.</param>
/// <param name="Sum">Sum of its weights to the other.</param>
public sealed record NeuronOutput(Layer Layer, int Channel, double Share, double Sum);
