using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Images;
using VizPipeline.Methods.Filters;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz filters</c>: draws the filters of a layer as tiles, or writes its weights as an array.</summary>
internal static class FiltersCommand
{
    public static Command Create()
    {
        var (model, layer, output) = (new ModelOptions(), NeuronOptions.CreateLayer(), OutputFile.CreateOption());
        var command = new Command("filters", "Draw the filters of a convolution, or write its weights as an array") { layer, output };
        model.AddTo(command);
        command.SetAction(parsed =>
        {
            var file = OutputFile.Parse(parsed.GetRequiredValue(output));
            var graph = model.Open(parsed);
            var chosen = graph.Layer(parsed.GetRequiredValue(layer));
            if (file.IsPicture)
                file.Write(Draw(graph, chosen, model.GetPreprocessing(parsed, graph).Channels == ChannelOrder.Bgr));
            else
                file.Write(GetWeight(graph, chosen));
            return ExitCode.Done;
        });
        return command;
    }

    private static RgbImage Draw(NetworkGraph graph, Layer layer, bool isBgr) => FilterTiles.ConvolutionOf(graph, layer) is { } convolution
        ? FilterTiles.Render(convolution, $"{layer.Name} of {graph.Name}", isBgr)
        : throw new UsageException($"layer '{layer.Name}' is not a convolution and has no filters to draw ({DescribeConvolutions(graph)})");

    private static FloatTensor GetWeight(NetworkGraph graph, Layer layer) =>
        (layer.WeightedNode is { } node ? graph.Nodes[node].Operator : null) switch
        {
            Convolution convolution => convolution.Weight,
            Linear linear => linear.Weight,
            _ => throw new UsageException($"layer '{layer.Name}' has no weights ({DescribeConvolutions(graph)})"),
        };

    private static string DescribeConvolutions(NetworkGraph graph)
    {
        var names = graph.Layers.Where(layer => FilterTiles.ConvolutionOf(graph, layer) is not null).Select(layer => layer.Name).ToArray();
        return names.Length == 0
            ? "the network has no convolution" : $"convolutions are {string.Join(", ", names.Take(4))}{(names.Length > 4 ? ", ..." : "")}";
    }
}
