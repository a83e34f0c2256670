using System.CommandLine;
using Spectre.Console;
using VizPipeline.Atlas.Web;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz layers MODEL</c>: lists every layer with kind, channels, map size, receptive field and parameters.</summary>
internal static class LayersCommand
{
    // A concatenation of a dense block has dozens.
    private const int ShownNames = 3;

    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "An .onnx, .safetensors or .pth file, or the name of an architecture" };
        var weights = new Option<string?>("--weights")
        {
            Description = "Weights file for an architecture given by name; not required for listing",
        };
        var size = new Option<string?>("--input-size") { Description = "Input size if the model does not fix it, e.g. 224 or 240x320" };
        var patterns = new Option<string[]>("--layers")
        {
            Description = "List only these layers, e.g. features.*",
            AllowMultipleArgumentsPerToken = true,
            CustomParser = LayerList.Parse,
        };
        var command = new Command("layers", "List the layers of a network, with the names that other commands take")
        {
            model, weights, size, patterns,
        };
        command.SetAction(parsed =>
        {
            var graph = NetworkLoader.Load(
                parsed.GetRequiredValue(model), parsed.GetValue(weights), ModelOptions.ParseSize(parsed.GetValue(size)));
            ModelOptions.PrintNotes(graph);
            Print(graph, LayerPatterns.Select(graph, parsed.GetValue(patterns) ?? []));
            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(NetworkGraph graph, IReadOnlyList<Layer> layers)
    {
        var repeats = RepeatedLayers.Find(graph);
        var hasRepeats = layers.Any(layer => repeats.ContainsKey(layer.Index));
        var table = new Table().Border(TableBorder.Simple).AddColumns("layer", "kind");
        foreach (var column in (string[])["channels", "map", "field", "stride", "parameters"])
            table.AddColumn(new TableColumn(column).RightAligned());
        if (hasRepeats)
            table.AddColumn("");
        foreach (var layer in layers)
        {
            List<Text> row =
            [
                new Text(layer.Alias is null ? layer.Name : $"{layer.Name} ({layer.Alias})"),
                new Text(layer.Kind.ToString().ToLowerInvariant()),
                new Text($"{layer.Neurons}"),
                new Text(layer.Shape.IsVector ? "-" : $"{layer.Shape.Height}x{layer.Shape.Width}"),
                new Text(layer.Field.IsWhole ? "all" : $"{layer.Field.Y.Size}x{layer.Field.X.Size}"),
                new Text(layer.Field.IsWhole ? "-" : $"{layer.Field.Y.Stride}"),
                new Text($"{layer.Parameters:N0}"),
            ];
            if (hasRepeats)
                row.Add(new Text(repeats.TryGetValue(layer.Index, out var others) ? $"repeats {ListNames(others)}" : ""));
            table.AddRow(row);
        }
        ConsoleOutput.Wide().Write(table);
        Console.WriteLine(
            $"{graph.Name}: {Format.Counted(layers.Count, "layer")}, "
            + $"{Format.Counted(layers.Sum(layer => (long)layer.Neurons), "neuron")}, {graph.Parameters:N0} "
            + $"parameters, input {graph.InputShape}");
        if (hasRepeats)
        {
            var left = layers.Where(layer => repeats.ContainsKey(layer.Index)).ToList();
            Console.WriteLine(
                $"{left.Count} of the layers, with {left.Sum(layer => (long)layer.Neurons):N0} neurons, only repeat others: atlases "
                + "leave them out, unless --layers names them");
        }
    }

    private static string ListNames(IReadOnlyList<Layer> layers) =>
        string.Join(", ", layers.Take(ShownNames).Select(layer => layer.Name))
        + (layers.Count > ShownNames ? $" and {layers.Count - ShownNames} more" : "");
}
