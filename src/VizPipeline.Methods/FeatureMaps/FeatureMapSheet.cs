using VizPipeline.Images;

namespace VizPipeline.Methods.FeatureMaps;

/// <summary>Draws every channel of a layer on one image as tiles, like the Deep Visualization Toolbox's overview.</summary>
public static class FeatureMapSheet
{
    /// <summary>Draws all maps on one scale, from the smaller of 0 and the minimum to the maximum.</summary>
    /// <param name="maps">[C, H, W], row-major.</param>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="title">The heading.</param>
    /// <param name="perTile">Draws each tile on its own scale instead, which shows weak channels.</param>
    public static RgbImage Render(float[] maps, int channels, int height, int width, string title, bool perTile = false)
    {
        ArgumentNullException.ThrowIfNull(maps);
        var (low, high) = (Math.Min(0, maps.Min()), maps.Max());
        var side = Math.Clamp(1400 / (int)Math.Ceiling(Math.Sqrt(channels)), 24, 160);
        var tiles = new SheetTile[channels];
        for (var c = 0; c < channels; c++)
        {
            var map = maps.AsSpan(c * height * width, height * width);
            var (least, most) = perTile ? Range(map) : (low, high);
            tiles[c] = new SheetTile(Colormap.Viridis.Render(map, width, height, least, most), side >= 28 ? $"{c}" : null);
        }
        return new Sheet
        {
            Title = title,
            Subtitle = $"{channels} channels of {height}x{width}, {(perTile ? "each on its own scale" : "one scale")}",
            Tiles = tiles,
            Columns = (int)Math.Ceiling(Math.Sqrt(channels)),
            TileWidth = side,
            TileHeight = side,
            Scaling = Scaling.Nearest,
            Legend = perTile ? null : new ColourLegend(Colormap.Viridis, $"{low:0.##}", $"{high:0.##}", "activation"),
        }.Draw();
    }

    /// <summary>Draws one channel's map over the image that produced it.</summary>
    /// <param name="map">[H, W].</param>
    /// <param name="height">Rows of the map.</param>
    /// <param name="width">Columns of the map.</param>
    /// <param name="picture">The preprocessed crop.</param>
    public static RgbImage Overlay(ReadOnlySpan<float> map, int height, int width, RgbImage picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        var (low, high) = Range(map);
        var heat = Canvas.Scale(
            Colormap.Viridis.Render(map, width, height, Math.Min(0, low), high), picture.Width, picture.Height, Scaling.Bilinear);
        var mixed = new RgbImage(picture.Width, picture.Height);
        for (var i = 0; i < mixed.Pixels.Length; i++)
            mixed.Pixels[i] = (byte)((picture.Pixels[i] + heat.Pixels[i]) / 2);
        return mixed;
    }

    private static (float Low, float High) Range(ReadOnlySpan<float> values)
    {
        var (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var value in values)
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        return (low, high);
    }
}
