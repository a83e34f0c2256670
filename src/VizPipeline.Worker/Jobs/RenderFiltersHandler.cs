using System.Globalization;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Filters;
using VizPipeline.ObjectStore;
using VizPipeline.Worker.Rendering;

namespace VizPipeline.Worker.Jobs;

/// <summary>Finds the links of a layer with weights and draws the weights of a convolution as tiles.</summary>
public sealed class RenderFiltersHandler(IObjectStore store) : IJobHandler<RenderFilters>
{
    /// <inheritdoc/>
    public async Task<byte[]> RunAsync(AtlasRuntime atlas, RenderFilters command, IProgress<int> progress, CancellationToken cancellation)
    {
        var (layer, rows, isBgr) = (atlas.Layer(command.Layer), new List<PictureRow>(), atlas.Preprocessing.Channels == ChannelOrder.Bgr);
        if (FilterTiles.ConvolutionOf(atlas.Runner.Graph, layer) is { } convolution)
        {
            var key = AtlasKeys.LayerPicture(command.AtlasId, layer.Name, PictureMethod.Filters);
            var picture = FilterTiles.Render(convolution, $"{layer.Name} filters", isBgr);
            await store.PutAsync(key, new PictureTexts(atlas.Spec).Encode(picture, command.Layer, null, "filters"), cancellation);
            rows.Add(new PictureRow
            {
                Layer = command.Layer,
                Channel = PictureRow.WholeLayer,
                Method = PictureMethod.Filters,
                Key = key,
                Status = PictureStatus.Done,
            });
        }
        // In the network's order, so that the links do not depend on the order in which layers were added.
        var observed = atlas.Spec.LayersInOrder();
        if (NeuronLinks.Compute(atlas.Runner.Graph, [.. observed.Select(of => atlas.Layer(of.Index))], layer, isBgr) is { } links)
            await store.PutAsync(
                AtlasKeys.LayerLinks(command.AtlasId, layer.Name), VizJson.Write(Table(command.Layer, links, observed)), cancellation);
        return VizJson.Write(new PictureTable(command.Layer, rows, []));
    }

    private static LinkTable Table(int layer, LayerLinks links, IReadOnlyList<LayerSpec> observed) => new(
        layer,
        [.. links.Neurons.Select(neuron => new NeuronInputsRow(
            Rounded(neuron.Norm), Rounded(neuron.Largest), [.. neuron.Inputs.Select(link => Row(link, observed))]))],
        [.. links.Readers.Select(read => new LayerReadersRow(
            observed[read.Layer].Index,
            [.. read.Channels.Select(channel => channel.Select(
                link => new ReaderLinkRow(link.Channel, Rounded(link.Share), Rounded(link.Sum))).ToList())]))]);

    // Kernels are for display, and 256 levels need no more digits.
    private static InputLinkRow Row(InputLink link, IReadOnlyList<LayerSpec> observed) => new(
        link.Layer < 0 ? link.Layer : observed[link.Layer].Index, link.Channel, link.Input, Rounded(link.Norm), Rounded(link.Sum),
        link.Kernel is { } kernel
            ? new KernelRow(kernel.Height, kernel.Width, [.. kernel.Weights.Select(weight => Rounded(weight, "G4"))])
            : null);

    private static float Rounded(double value, string format = "G6")
        => float.Parse(value.ToString(format, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
