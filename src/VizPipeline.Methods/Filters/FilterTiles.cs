using VizPipeline.Images;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Methods.Filters;

/// <summary>Draws a convolution's weights (docs/methods.md, section 4) on one scale for the whole layer, symmetric about zero.</summary>
public static class FilterTiles
{
    private const int LargestSide = 4096;

    /// <summary>Returns the convolution of a layer, or null if it has none.</summary>
    public static Convolution? ConvolutionOf(NetworkGraph graph, Layer layer)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(layer);
        return layer.WeightedNode is { } node ? graph.Nodes[node].Operator as Convolution : null;
    }

    /// <summary>
    /// Draws one tile per output channel: in colour if the convolution reads three channels, grey if each filter reads one. Returns null if
    /// its filters cannot be drawn.
    /// </summary>
    public static IReadOnlyList<RgbImage>? Tiles(Convolution convolution, bool isBgr = false)
    {
        ArgumentNullException.ThrowIfNull(convolution);
        var (planes, height, width) = (convolution.Weight.Shape[1], convolution.Weight.Shape[2], convolution.Weight.Shape[3]);
        var weights = convolution.Weight.Values;
        return planes switch
        {
            1 => SignedDisplay.Filters(weights, width, height, 1),
            3 when convolution.Groups == 1 => SignedDisplay.Filters(isBgr ? Turned(weights, height * width) : weights, width, height, 3),
            _ => null,
        };
    }

    /// <summary>
    /// Draws the layer's filters as one image: a grid of tiles if they can be drawn (see <see cref="Tiles"/>), else a matrix of grey tiles
    /// with one row per output channel and one column per input channel, enlarged as far as the image stays below 4096 pixels.
    /// </summary>
    public static RgbImage Render(Convolution convolution, string title, bool isBgr = false)
    {
        ArgumentNullException.ThrowIfNull(convolution);
        var (outputs, inputs, height, width) = (convolution.Outputs, convolution.Weight.Shape[1], convolution.Weight.Shape[2],
            convolution.Weight.Shape[3]);
        if (Tiles(convolution, isBgr) is { } tiles)
        {
            var side = Math.Max(40, 5 * Math.Max(width, height));
            return new Sheet
            {
                Title = title,
                Subtitle = $"{outputs} filters of {height}x{width} over {(inputs == 3 ? "RGB" : "one channel")}; "
                    + "mid-grey is zero, one scale for all",
                Tiles = [.. tiles.Select((tile, i) => new SheetTile(tile, $"{i}"))],
                Columns = Math.Clamp((int)Math.Ceiling(Math.Sqrt(outputs * 1.6)), 1, 16),
                TileWidth = side,
                TileHeight = side,
                Scaling = Scaling.Nearest,
            }.Draw();
        }
        return Matrix(convolution, outputs, inputs, height, width);
    }

    private static RgbImage Matrix(Convolution convolution, int outputs, int inputs, int height, int width)
    {
        var zoom = Math.Clamp(Math.Min(LargestSide / ((inputs * width) + inputs), LargestSide / ((outputs * height) + outputs)), 1, 6);
        var gap = height * width > 1 ? 1 : 0;
        var (stepX, stepY) = ((width * zoom) + gap, (height * zoom) + gap);
        var picture = new RgbImage((inputs * stepX) + gap, (outputs * stepY) + gap);
        Array.Fill(picture.Pixels, (byte)250);
        var (weights, scale) = (convolution.Weight.Values, SignedDisplay.Magnitude(convolution.Weight.Values));
        for (var o = 0; o < outputs; o++)
        {
            for (var i = 0; i < inputs; i++)
            {
                for (var y = 0; y < height * zoom; y++)
                {
                    for (var x = 0; x < width * zoom; x++)
                    {
                        var weight = weights[(((((o * inputs) + i) * height) + (y / zoom)) * width) + (x / zoom)];
                        var level = scale > 0 ? (byte)Math.Round(255 * (0.5f + (0.5f * weight / scale))) : (byte)128;
                        picture[gap + (i * stepX) + x, gap + (o * stepY) + y] = Rgb.Grey(level);
                    }
                }
            }
        }
        return picture;
    }

    private static float[] Turned(float[] weights, int plane)
    {
        var turned = new float[weights.Length];
        for (var i = 0; i < weights.Length; i += 3 * plane)
        {
            for (var c = 0; c < 3; c++)
                weights.AsSpan(i + ((2 - c) * plane), plane).CopyTo(turned.AsSpan(i + (c * plane)));
        }
        return turned;
    }
}
