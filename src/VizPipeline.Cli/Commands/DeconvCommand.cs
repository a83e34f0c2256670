using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Images;
using VizPipeline.Methods.Deconvolution;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz deconv</c>: shows which pixels of an image activated a neuron.</summary>
internal static class DeconvCommand
{
    private const int EnlargedSide = 336;

    public static Command Create()
    {
        var (model, image, layer, output) =
            (new ModelOptions(), NeuronOptions.CreateImage(), NeuronOptions.CreateLayer(), OutputFile.CreateOption());
        var channel = new Option<int>("--channel") { Description = "The channel of the layer", Required = true };
        var position = new Option<string?>("--position")
        {
            Description = "Row and column of the map, e.g. 12,40; default: the maximum of the channel's map",
        };
        var rule = new Option<string>("--rule")
        {
            Description = "Backward rule of nonlinearities: deconv, guided (backpropagation) or gradient",
            DefaultValueFactory = _ => "deconv",
        };
        rule.AcceptOnlyFromAmong("deconv", "guided", "gradient");
        var whole = new Option<bool>("--whole-field")
        {
            Description = "Draw the whole receptive field; default: the effective field, the part that the signal comes from",
        };
        var command = new Command(
            "deconv", "Project a neuron's activation back to the image: deconvolution, guided backpropagation or gradient")
        {
            image, layer, channel, position, rule, whole, output,
        };
        model.AddTo(command);
        command.SetAction(parsed =>
        {
            var file = OutputFile.Parse(parsed.GetRequiredValue(output));
            var graph = model.Open(parsed);
            var chosen = graph.Layer(parsed.GetRequiredValue(layer));
            var neuron = NeuronOptions.CheckChannel(chosen, parsed.GetRequiredValue(channel));
            var asked = parsed.GetValue(position) is { } text ? NeuronOptions.ParsePosition(text, chosen) : ((int, int)?)null;
            using var network = RunningNetwork.Start(graph, model, parsed);
            using var input = InputImages.LoadOne(parsed.GetRequiredValue(image), network);
            var (y, x) = asked ?? FindMaximum(network, input, chosen, neuron);
            var result = new BackProjection(network.Runner, chosen, ParseRule(parsed.GetRequiredValue(rule)))
                .Run(input.Values, new Sites([0], [y], [x]), [neuron]);
            var field = GetPatch(graph, chosen, y, x);
            var patch = parsed.GetValue(whole) ? field
                : EffectiveField.Find(PixelScales.ToRgb(result.Cut(0, field), network.Preprocessing), field, field);
            var (title, facts) =
                ($"{chosen.Name} channel {neuron}",
                $"activation {result.Activations[0]:G5} at {y},{x}, field [{field.X0},{field.X1}) x [{field.Y0},{field.Y1})"
                    + (patch == field ? "" : $", drawn [{patch.X0},{patch.X1}) x [{patch.Y0},{patch.Y1})"));
            if (file.IsPicture)
                file.Write(Draw(title, facts, parsed.GetRequiredValue(rule), result, patch, input.Picture(0), network.Preprocessing));
            else
                file.Write(
                    new FloatTensor(
                        "deconv", [result.Channels, graph.InputShape.Height, graph.InputShape.Width], result.Cut(0, GetWholeImage(graph))));
            Console.WriteLine($"{title}: {facts}");
            return ExitCode.Done;
        });
        return command;
    }

    private static ReverseRule ParseRule(string name) => name switch
    {
        "guided" => ReverseRule.GuidedBackpropagation,
        "gradient" => ReverseRule.Gradient,
        _ => ReverseRule.Deconvolution,
    };

    // The first of equal values, as in the search over image sets.
    private static (int Y, int X) FindMaximum(RunningNetwork network, InputImages input, Layer layer, int channel)
    {
        var map = MapsCommand.ExtractMap(LayerValues.Compute(network.Runner, input.Values, [layer])[0].Values, layer, channel);
        return Math.DivRem(Array.IndexOf(map, map.Max()), layer.Shape.Width);
    }

    private static Box GetWholeImage(NetworkGraph graph) => new(0, 0, graph.InputShape.Width, graph.InputShape.Height);

    // A receptive field can lie entirely in the padding; then the whole image is shown instead of a patch.
    private static Box GetPatch(NetworkGraph graph, Layer layer, int y, int x)
    {
        var patch = layer.Field.At(y, x).Clip(graph.InputShape.Height, graph.InputShape.Width);
        return patch.Width > 0 && patch.Height > 0 ? patch : GetWholeImage(graph);
    }

    private static RgbImage Draw(
        string title, string facts, string rule, BackProjected result, Box patch, RgbImage picture, Preprocessing preprocessing)
    {
        var signal = PixelScales.ToRgb(result.Cut(0, patch), preprocessing);
        // An integer factor keeps the pixels of small patches square and sharp.
        var zoom = Math.Max(1, EnlargedSide / Math.Max(patch.Width, patch.Height));
        var image = picture.Crop(patch.X0, patch.Y0, patch.Width, patch.Height);
        return new Sheet
        {
            Title = title,
            Subtitle = facts,
            Tiles = [
                new SheetTile(image, "image"), new SheetTile(SignedDisplay.Render(signal, patch.Width, patch.Height), rule),
                new SheetTile(SignedDisplay.RenderMagnitude(signal, patch.Width, patch.Height), "magnitude"),
                new SheetTile(SignedDisplay.RenderLit(image, signal), "image, lit by it")],
            Columns = 2,
            TileWidth = Math.Max(patch.Width * zoom, EnlargedSide / 2),
            TileHeight = patch.Height * zoom,
            Scaling = Scaling.Nearest,
        }.Draw();
    }
}
