using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Filters;

namespace VizPipeline.Worker.Rendering;

/// <summary>
/// An overview of a layer. Each neuron has its filter (if it can be shown as a picture), its nine patches, their deconvolutions and its
/// ascent pictures side by side.
/// </summary>
internal sealed class ContactSheet
{
    private const int Tile = 132;
    private const int Gap = 3;
    private const int BlockGap = 18;
    private const int SheetWidth = 1900;

    private static readonly Rgb Empty = new(236, 236, 233);

    private readonly AtlasRuntime _atlas;
    private readonly LayerSpec _layer;
    private readonly LayerTable? _neurons;
    private readonly ILookup<int, PictureRow> _pictures;
    private readonly List<(string Method, string Variant, int Seed)> _columns;
    private readonly IReadOnlyList<RgbImage>? _filters;

    public ContactSheet(AtlasRuntime atlas, int layer, LayerTable? neurons, IReadOnlyList<PictureRow> pictures)
    {
        (_atlas, _layer, _neurons) = (atlas, atlas.Spec.GetLayer(layer), neurons);
        _pictures = pictures.ToLookup(picture => picture.Channel);
        _columns = [.. pictures.Select(picture => (picture.Method, picture.Variant, picture.Seed)).Distinct()
            .OrderBy(column => Order(column.Method)).ThenBy(column => column.Variant).ThenBy(column => column.Seed)];
        if (FilterTiles.ConvolutionOf(atlas.Runner.Graph, atlas.Layer(layer)) is { } convolution)
            _filters = FilterTiles.Tiles(convolution, atlas.Preprocessing.Channels == ChannelOrder.Bgr);
    }

    /// <summary>The pictures that <see cref="Draw"/> shows.</summary>
    public IEnumerable<PictureRow> Pictures => _pictures.SelectMany(group => group).Where(picture => picture.Key is not null);

    /// <summary>Scales a picture to its size on sheets, so that sheets of thousands of neurons fit into memory.</summary>
    /// <param name="picture">The stored picture.</param>
    /// <param name="method">One of <see cref="PictureMethod"/>.</param>
    /// <param name="crops">The crops of the nine patches by rank.</param>
    public static RgbImage Thumbnail(RgbImage picture, string method, IReadOnlyList<System.Drawing.Rectangle?> crops)
        => method is PictureMethod.Top9 or PictureMethod.Deconv
            ? PatchMosaic.Detect(picture).DrawCrops(picture, crops, Tile, isSigned: method == PictureMethod.Deconv)
            : PatchMosaic.Fit(picture, Tile);

    /// <summary>Draws the sheet from thumbnails by key.</summary>
    public RgbImage Draw(IReadOnlyDictionary<string, RgbImage> images)
    {
        var style = new SheetStyle();
        var parts = _columns.Count + (_filters is null ? 0 : 1);
        var blockWidth = (Math.Max(1, parts) * (Tile + Gap)) - Gap;
        var columns = Math.Clamp((SheetWidth + BlockGap) / (blockWidth + BlockGap), 1, Math.Max(1, _layer.Channels));
        var rows = (_layer.Channels + columns - 1) / columns;
        var blockHeight = style.Label.LineHeight + 2 + Tile + BlockGap;
        var top = style.Margin + style.Title.LineHeight + style.Subtitle.LineHeight + 14;
        var width = Math.Max((2 * style.Margin) + (columns * (blockWidth + BlockGap)) - BlockGap, 640);
        using var canvas = new Canvas(width, top + (rows * blockHeight) + style.Margin, style.Background);
        canvas.Text($"{_layer.Name} of {_atlas.Spec.Name}", style.Margin, style.Margin, width - (2 * style.Margin), style.Title);
        canvas.Text(Subtitle(), style.Margin, style.Margin + style.Title.LineHeight + 2, width - (2 * style.Margin), style.Subtitle);
        for (var channel = 0; channel < _layer.Channels; channel++)
        {
            var (x, y) = (style.Margin + (channel % columns * (blockWidth + BlockGap)), top + (channel / columns * blockHeight));
            canvas.Text(Caption(channel), x, y, blockWidth, style.Label);
            DrawBlock(canvas, images, channel, x, y + style.Label.LineHeight + 2);
        }
        return canvas.ToImage();
    }

    private static int Order(string method) => method switch { PictureMethod.Top9 => 0, PictureMethod.Deconv => 1, _ => 2 };

    private string Subtitle()
    {
        var names = _columns.Select(column => column.Method switch
        {
            PictureMethod.Top9 => "top-9 patches",
            PictureMethod.Deconv => "their deconvolutions",
            _ => $"ascent {column.Variant}{(column.Seed == 0 ? "" : $" seed {column.Seed}")}",
        });
        var field = _layer.SeesWholeInput ? "sees the whole input"
            : $"receptive field {_layer.FieldX.Size}x{_layer.FieldY.Size}, stride {_layer.FieldX.Stride}";
        return $"{_layer.Channels} neuron{(_layer.Channels == 1 ? "" : "s")}, maps of {_layer.Height}x{_layer.Width}, {field}. "
            + $"Per neuron: {string.Join(", ", _filters is null ? names : names.Prepend("filter"))}";
    }

    private string Caption(int channel)
    {
        var name = _layer.Kind == "output" && channel < _atlas.Spec.OutputNames.Count ? $" {_atlas.Spec.OutputNames[channel]}" : "";
        if (_neurons is null)
            return $"{channel}{name}";
        var neuron = _neurons.Neurons[channel];
        return neuron.Dead == true ? $"{channel}{name} - dead" : $"{channel}{name} - max {neuron.Max:0.##}";
    }

    private void DrawBlock(Canvas canvas, IReadOnlyDictionary<string, RgbImage> images, int channel, int x, int y)
    {
        if (_filters is not null)
        {
            canvas.Image(Canvas.Scale(_filters[channel], Tile, Tile, Scaling.Nearest), x, y);
            x += Tile + Gap;
        }
        foreach (var column in _columns)
        {
            canvas.Fill(x, y, Tile, Tile, Empty);
            var picture = _pictures[channel].FirstOrDefault(row => (row.Method, row.Variant, row.Seed) == column);
            if (picture?.Key is { } key && images.TryGetValue(key, out var image))
                canvas.Image(image, x + ((Tile - image.Width) / 2), y + ((Tile - image.Height) / 2));
            x += Tile + Gap;
        }
    }
}
