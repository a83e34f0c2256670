using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Images;
using VizPipeline.Methods.FeatureMaps;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz maps</c>: draws the feature maps of a layer for an image.</summary>
internal static class MapsCommand
{
    private const int EnlargedSide = 448;

    public static Command Create()
    {
        var (model, image, layer, output) =
            (new ModelOptions(), NeuronOptions.CreateImage(), NeuronOptions.CreateLayer(), OutputFile.CreateOption());
        var channel = new Option<int?>("--channel") { Description = "Only this channel: its enlarged map, also overlaid on the picture" };
        var perTile = new Option<bool>("--per-tile") { Description = "Scale each map separately, which makes weak channels visible" };
        var command = new Command("maps", "Draw the feature maps of a layer for an image, or write them as an array [C,H,W]")
        {
            image, layer, channel, perTile, output,
        };
        model.AddTo(command);
        command.SetAction(parsed =>
        {
            var file = OutputFile.Parse(parsed.GetRequiredValue(output));
            var graph = model.Open(parsed);
            var chosen = graph.Layer(parsed.GetRequiredValue(layer));
            var only = parsed.GetValue(channel) is { } number ? NeuronOptions.CheckChannel(chosen, number) : (int?)null;
            using var network = RunningNetwork.Start(graph, model, parsed);
            using var input = InputImages.LoadOne(parsed.GetRequiredValue(image), network);
            var maps = LayerValues.Compute(network.Runner, input.Values, [chosen])[0].Values;
            if (only is { } neuron)
                maps = ExtractMap(maps, chosen, neuron);
            if (!file.IsPicture)
                file.Write(new FloatTensor("maps", [only is null ? chosen.Neurons : 1, chosen.Shape.Height, chosen.Shape.Width], maps));
            else
                file.Write(
                    only is { } shown
                    ? DrawEnlarged(graph, chosen, shown, maps, input.Picture(0))
                    : DrawSheet(graph, chosen, maps, parsed.GetValue(perTile)));
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Draws all maps of a layer as tiles.</summary>
    public static RgbImage DrawSheet(NetworkGraph graph, Layer layer, float[] maps, bool perTile) =>
        FeatureMapSheet.Render(maps, layer.Neurons, layer.Shape.Height, layer.Shape.Width, $"{layer.Name} of {graph.Name}", perTile);

    /// <summary>Returns the map of one channel.</summary>
    public static float[] ExtractMap(float[] maps, Layer layer, int channel)
    {
        var area = layer.Shape.Height * layer.Shape.Width;
        return maps[(channel * area)..((channel + 1) * area)];
    }

    private static RgbImage DrawEnlarged(NetworkGraph graph, Layer layer, int channel, float[] map, RgbImage picture)
    {
        var (height, width) = (layer.Shape.Height, layer.Shape.Width);
        var (low, high) = (Math.Min(0, map.Min()), map.Max());
        var heat = Canvas.Scale(Colormap.Viridis.Render(map, width, height, low, high), picture.Width, picture.Height, Scaling.Nearest);
        return new Sheet
        {
            Title = $"{layer.Name} channel {channel} of {graph.Name}",
            Subtitle = $"map of {height}x{width}, from {map.Min():G4} to {map.Max():G4}",
            Tiles = [new SheetTile(heat, "map"), new SheetTile(FeatureMapSheet.Overlay(map, height, width, picture), "over the image"),
                new SheetTile(picture, "image")],
            Columns = 3,
            TileWidth = EnlargedSide,
            TileHeight = EnlargedSide,
            Legend = new ColourLegend(Colormap.Viridis, $"{low:G4}", $"{high:G4}", "activation"),
        }.Draw();
    }
}
