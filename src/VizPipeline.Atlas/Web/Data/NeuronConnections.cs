using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>
/// The connections of a neuron: its inputs, with their filters, and the neurons that read it. Empty if the atlas has no link tables.
/// </summary>
/// <param name="Scale">The largest magnitude of the neuron's weights, drawn as black or white in its kernels.</param>
/// <param name="Inputs">The strongest inputs, up to 8, largest share first.</param>
/// <param name="Outputs">The neurons of later layers that depend on it most, up to 12, largest share first.</param>
public sealed record NeuronConnections(float Scale, IReadOnlyList<NeuronInput> Inputs, IReadOnlyList<NeuronOutput> Outputs)
{
    /// <summary>The largest magnitude of the weights of all neurons of the layer.</summary>
    public float LayerScale { get; init; }

    /// <summary>The maximum number of outputs.</summary>
    public const int MostOutputs = 12;

    /// <summary>
    /// The kernels of a neuron that reads the RGB image, [3, Height * Width] in the order red, green, blue; null for other neurons.
    /// </summary>
    public KernelRow? Colour
    {
        get
        {
            var planes = Inputs.Where(input => input.IsInput).OrderBy(input => input.Channel).ToList();
            if (planes.Count != 3 || planes.Count != Inputs.Count
                || planes.Exists(plane => plane.Kernel is null || plane.Kernel.Weights.Count != planes[0].Kernel!.Weights.Count))
                return null;
            return planes[0].Kernel! with { Weights = [.. planes.SelectMany(plane => plane.Kernel!.Weights)] };
        }
    }

    /// <summary>
    /// The filter of a neuron that has one that can be read at a glance: <see cref="Colour"/>, or the only kernel if it has more than one
    /// weight; null for other neurons.
    /// </summary>
    public KernelRow? Readable => Colour ?? (Inputs is [{ Kernel: { Weights.Count: > 1 } only }] ? only : null);

    /// <summary>Reads the connections of a neuron.</summary>
    /// <exception cref="ObjectStore.ObjectStoreException">The object store cannot be read.</exception>
    /// <exception cref="CorruptTableException">A table is damaged.</exception>
    public static async Task<NeuronConnections> ReadAsync(
        LinkTables tables, LoadedAtlas atlas, Layer layer, int channel, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentNullException.ThrowIfNull(atlas);
        ArgumentNullException.ThrowIfNull(layer);
        var outputs = new List<NeuronOutput>();
        foreach (var reader in ReadersOf(atlas.Spec, layer.LayerIndex))
        {
            if (atlas.FindLayer(reader.Index) is { } row && await tables.FindAsync(atlas.Id, reader.Name, cancellation) is { } table)
                outputs.AddRange(
                    LinksTo(table, layer.LayerIndex, channel)
                    .Select(link => new NeuronOutput(row, link.Channel, link.Share, link.Sum)));
        }
        var own = atlas.Spec.GetLayer(layer.LayerIndex).HasWeights() ? await tables.FindAsync(atlas.Id, layer.Name, cancellation) : null;
        var neuron = own is not null && channel >= 0 && channel < own.Neurons.Count ? own.Neurons[channel] : null;
        return new NeuronConnections(
            neuron?.Largest ?? 0,
            [.. (neuron?.Inputs ?? []).Select(link => Input(atlas, neuron!, link))],
            [.. outputs.OrderByDescending(output => output.Share).ThenBy(output => output.Layer.LayerIndex).ThenBy(output => output.Channel)
                .Take(MostOutputs)])
        {
            LayerScale = own is null ? 0 : FilterTile.GetLayerScale(own),
        };
    }

    private static NeuronInput Input(LoadedAtlas atlas, NeuronInputsRow neuron, InputLinkRow link) => new(
        atlas.FindLayer(link.Layer), link.Channel, link.Input, link.IsInput, neuron.Norm > 0 ? link.Norm / neuron.Norm : 0, link.Sum,
        link.Kernel);

    private static IReadOnlyList<ReaderLinkRow> LinksTo(LinkTable table, int layer, int channel)
    {
        var channels = table.Readers.FirstOrDefault(read => read.Layer == layer)?.Channels ?? [];
        return channel >= 0 && channel < channels.Count ? channels[channel] : [];
    }

    // The layers that may read this one, directly or through a concatenation or addition. If the spec does not record the inputs of its
    // layers, these are all later layers.
    private static IEnumerable<LayerSpec> ReadersOf(AtlasSpec spec, int layer)
    {
        var order = spec.LayersInOrder();
        var later = order.SkipWhile(other => other.Index != layer).Skip(1).Select(other => other.Index).ToHashSet();
        bool Reads(LayerSpec reader, ICollection<int> read) =>
            later.Contains(reader.Index) && (reader.Inputs is not { } inputs || inputs.Any(read.Contains));
        var places = order.Where(other => other.Kind == "merge" && Reads(other, [layer])).Select(merge => merge.Index).Append(layer)
            .ToHashSet();
        return order.Where(reader => reader.HasWeights() && Reads(reader, places));
    }
}

/// <summary>An input channel of a neuron.</summary>
/// <param name="Layer">The layer that the channel belongs to; null for the image and for layers outside the atlas.</param>
/// <param name="Channel">The channel of that layer; 0, 1, 2 for red, green, blue of an RGB image; -1 if unknown.</param>
/// <param name="Input">The index among all input channels of the layer's operator.</param>
/// <param name="IsInput">Whether the channel belongs to the image.</param>
/// <param name="Share">
/// The norm of the kernel divided by the norm of all weights of the neuron, from 0 to 1; the squares of all shares add up to 1.
/// </param>
/// <param name="Sum">
/// The sum of the kernel's weights: positive if the channel excites the neuron overall, negative if it inhibits it.
/// </param>
/// <param name="Kernel">The weights; null for a fully connected layer over a large map.</param>
public sealed record NeuronInput(Layer? Layer, int Channel, int Input, bool IsInput, double Share, double Sum, KernelRow? Kernel);

/// <summary>A neuron that reads another.</summary>
/// <param name="Layer">The layer of the reading neuron.</param>
/// <param name="Channel">The channel of the reading neuron.</param>
/// <param name="Share">The norm of its weights for the other neuron divided by the norm of all its weights, from 0 to 1.</param>
/// <param name="Sum">The sum of its weights for the other neuron.</param>
public sealed record NeuronOutput(Layer Layer, int Channel, double Share, double Sum);
