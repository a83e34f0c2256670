using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Network.Graph;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz activations</c>: writes the activations of layers for images, one array per layer.</summary>
internal static class ActivationsCommand
{
    public static Command Create()
    {
        var (model, output) = (new ModelOptions(), OutputFile.CreateOption());
        var images = new Option<string[]>("--image")
        {
            Description = "A picture, or a .npy or .safetensors file with a preprocessed array [N,C,H,W]; can be repeated",
            Required = true,
        };
        var layer = new Option<string?>("--layer") { Description = "One layer, as listed by `viz layers`" };
        var patterns = new Option<string[]>("--layers")
        {
            Description = "Layers, e.g. features.*; default: all",
            AllowMultipleArgumentsPerToken = true,
            CustomParser = LayerList.Parse,
        };
        var reduce = new Option<string?>("--reduce") { Description = "max: write the spatial maximum of each channel instead of its map" };
        reduce.AcceptOnlyFromAmong("max");
        var command = new Command("activations", "Write the activations of layers for images") { images, layer, patterns, reduce, output };
        model.AddTo(command);
        command.SetAction(parsed =>
        {
            var file = OutputFile.Parse(parsed.GetRequiredValue(output));
            var onlyMaxima = parsed.GetValue(reduce) is not null;
            var graph = model.Open(parsed);
            var layers = Choose(graph, parsed.GetValue(layer), parsed.GetValue(patterns) ?? []);
            Check(file, layers, onlyMaxima);
            using var network = RunningNetwork.Start(graph, model, parsed);
            using var input = InputImages.Load(parsed.GetRequiredValue(images), network);
            if (file.IsPicture && input.Count > 1)
                throw new UsageException(
                    $"a .png shows the maps of one image, but there are {input.Count}; give one image, or .safetensors");
            var arrays = LayerValues.Compute(network.Runner, input.Values, layers, onlyMaxima);
            if (file.IsPicture)
                file.Write(MapsCommand.DrawSheet(graph, layers[0], arrays[0].Values, perTile: false));
            else
                file.Write(arrays);
            return ExitCode.Done;
        });
        return command;
    }

    private static IReadOnlyList<Layer> Choose(NetworkGraph graph, string? name, string[] patterns) => (name, patterns) switch
    {
        (null, _) => LayerPatterns.Select(graph, patterns),
        (_, []) => [graph.Layer(name)],
        _ => throw new UsageException("give --layer or --layers, not both"),
    };

    private static void Check(OutputFile file, IReadOnlyList<Layer> layers, bool onlyMaxima)
    {
        file.CheckArrayCount(layers.Count);
        if (!file.IsPicture)
            return;
        if (layers.Count > 1)
            throw new UsageException(
                $"a .png shows the maps of one layer, but {layers.Count} are chosen; choose one with --layer, or give .safetensors");
        if (onlyMaxima)
            throw new UsageException("with --reduce max there are no maps to draw; give .safetensors or .npy");
    }
}
