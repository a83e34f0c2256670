using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Filters;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Jobs;

/// <summary>Draws the weights of one convolution as tiles.</summary>
public sealed class RenderFiltersHandler(IObjectStore store) : IJobHandler<RenderFilters>
{
    /// <inheritdoc/>
    public string ResultKey(AtlasSpec spec, RenderFilters command) => AtlasKeys.FiltersTable(command.AtlasId, spec.Layers[command.Layer].Name);

    /// <inheritdoc/>
    public int Units(RenderFilters command) => 1;

    /// <inheritdoc/>
    public async Task<byte[]> Run(AtlasRuntime atlas, RenderFilters command, IProgress<int> progress, CancellationToken cancellation)
    {
        var (layer, rows) = (atlas.Layer(command.Layer), new List<PictureRow>());
        if (FilterTiles.ConvolutionOf(atlas.Runner.Graph, layer) is { } convolution)
        {
            var key = AtlasKeys.LayerPicture(command.AtlasId, layer.Name, PictureMethod.Filters);
            var picture = FilterTiles.Render(convolution, $"{layer.Name} filters", atlas.Preprocessing.Channels == ChannelOrder.Bgr);
            await store.PutAsync(key, Png.Encode(picture), cancellation);
            rows.Add(new PictureRow { Layer = command.Layer, Channel = PictureRow.WholeLayer, Method = PictureMethod.Filters, Key = key, Status = PictureStatus.Done });
        }
        return VizJson.Write(new PictureTable(command.Layer, rows, []));
    }
}
