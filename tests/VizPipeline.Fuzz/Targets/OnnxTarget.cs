using TorchSharp;
using VizPipeline.Fuzz.Mutations;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.Network.Torch;
using VizPipeline.Network.Zoo;

namespace VizPipeline.Fuzz.Targets;

/// <summary>ONNX files: to the graph, and where that is small one forward pass, as libtorch ends the process on some misfits.</summary>
public sealed class OnnxTarget : FuzzTarget
{
    private const long MostMultiplyAdds = 20_000_000;
    private const long MostValues = 4_000_000;
    private const long MostFollowed = 1 << 20;

    /// <inheritdoc/>
    public override string Name => "onnx";

    /// <inheritdoc/>
    public override bool IsDocumented(Exception error)
        => error is ModelFormatException or GraphException or ModelNotFoundException or WeightsMismatchException;

    /// <inheritdoc/>
    public override long AllowedBytes(FuzzInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        // The importer follows layouts on paper, value by value, for values that are small enough: a constant number of bytes for each.
        return (4 << 20) + (400L * input.Bytes.Length) + (64L * MostFollowed);
    }

    /// <inheritdoc/>
    public override string Read(FuzzInput input, string file, bool mayCrash, Action isRead)
    {
        ArgumentNullException.ThrowIfNull(isRead);
        var graph = NetworkLoader.Load(file);
        isRead();
        if (!mayCrash || !IsSmall(graph))
            return mayCrash ? "loaded, too large to run" : "loaded";
        TorchRuntime.Start();
        using var scope = torch.NewDisposeScope();
        using var runner = new NetworkRunner(graph);
        var shape = graph.InputShape;
        using var value = runner.Forward(torch.ones([2, shape.Channels, shape.Height, shape.Width]), graph.Nodes.Count - 1);
        var expected = graph.Nodes[^1].Shape.Batch(2);
        return value.shape.SequenceEqual(expected)
            ? "loaded and run"
            : throw new InvalidOperationException(
                $"the graph promises [{string.Join(", ", expected)}] and the run gives [{string.Join(", ", value.shape)}]");
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<FuzzSeed> Seeds() =>
        [.. OnnxSeeds.All().Concat(OnnxSeeds.Operators()).Select(
            seed => new FuzzSeed(seed.Name + ".onnx", seed.Bytes, ProtobufMutations.Mutate))];

    private static bool IsSmall(NetworkGraph graph) =>
        graph.Nodes.All(node => node.Shape.Count <= MostValues) && graph.Nodes.Sum(node => node.Shape.Count) <= MostValues
            && graph.MultiplyAdds([graph.Nodes.Count - 1]) <= MostMultiplyAdds;
}
