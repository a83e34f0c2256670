using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;

namespace VizPipeline.Tests.Network.Import.Onnx;

/// <summary>Networks whose ends are not one classifier: several outputs, and heads of operators that cannot be read.</summary>
public sealed class OnnxHeadsTests
{
    [Fact]
    public void Each_of_several_outputs_is_a_layer_by_its_name()
    {
        var graph = Stranger("02-multi-output", "two_outputs_feat_logits");
        Assert.Equal(["conv1", "conv2", "f", "z"], graph.Layers.Select(layer => layer.Name));
        Assert.Equal(["the network has 2 outputs, 'f', 'z'; none of them is taken for the logits"], graph.Notes);
        var pyramid = Stranger("02-multi-output", "feature_pyramid_outputs");
        Assert.Equal(
            [("r1", "conv1"), ("r2", "conv2"), ("logits", "fc")], pyramid.Layers.Select(layer => (layer.Name, layer.Alias ?? "")));
        Assert.Equal(["the network has 3 outputs, 'r1', 'r2', 'z'; the logits are 'z'"], pyramid.Notes);
    }

    [Theory]
    [InlineData("argmax_first_then_softmax", 0), InlineData("argmax_map_end", 16), InlineData("softmax_argmax", 0)]
    public void What_is_ranked_at_the_end_are_the_logits(string name, int side)
    {
        var graph = Stranger("08-unsupported-common-operators", name);
        var last = graph.Layers[^1];
        Assert.Equal((LayerKind.Output, side), (last.Kind, last.Shape.IsVector ? 0 : last.Shape.Height));
        Assert.Empty(graph.Notes);
    }

    [Theory]
    [InlineData("TopK"), InlineData("NonMaxSuppression"), InlineData("Loop")]
    public void A_detectors_trunk_is_read_and_its_head_is_left_out(string operation)
    {
        var m = new OnnxModel(new Random(7), 18, 1, 3, 16, 16);
        var x = m.Add("Relu", [m.Conv(OnnxModel.Input, 3, 6, 3)]);
        var (coarse, fine) = (m.Add("Relu", [m.Conv(x, 6, 4, 3)]), m.Conv(x, 6, 4));
        // ONNX Runtime's values, of a file without the head.
        var image = m.Image();
        float[][] expected = [.. new[] { x, coarse, fine }.Select(end => OnnxParity.Reference(m.Write(end), image, m.InputShape))];
        var boxes = new[] { coarse, fine }.Select(map => m.Add("Transpose", [m.Add("Reshape", [map, m.Longs(1, 4, -1)])], ("perm", new[]
        {
            0, 2, 1,
        }))).ToArray();
        var all = m.Add("Concat", boxes, ("axis", 1));
        var head = m.AddTo("", operation, [all, m.Longs(3)], 2, ("axis", 1));
        var output = m.Add("Gather", [head[0], m.Longs(0)], ("axis", 1));
        var whole = OnnxParity.Load(m.Write(output));

        Assert.False(whole.HasLogits);
        Assert.Equal([6, 4, 4], whole.Layers.Select(layer => layer.Neurons));
        Assert.Matches("^read to '.+', '.+'; 3 of 12 nodes, .+ are left out: node 'Concat", Assert.Single(whole.Notes));
        foreach (var (layer, values) in whole.Layers.Zip(expected))
            OnnxParity.Close(values, OnnxParity.Run(whole, image, m.InputShape, layer.Node), OnnxParity.Tolerance);
    }

    [Fact]
    public void A_map_that_is_left_of_several_outputs_is_not_taken_for_the_logits()
    {
        var m = new OnnxModel(new Random(7), 18, 1, 3, 8, 8);
        var map = m.Conv(OnnxModel.Input, 3, 4);
        var graph = OnnxParity.Load(m.Write(map, m.Add("Foo", [map])));
        Assert.Equal([(map, LayerKind.Conv)], graph.Layers.Select(layer => (layer.Name, layer.Kind)));
        Assert.EndsWith("none of them is taken for the logits", graph.Notes[0], StringComparison.Ordinal);
        Assert.Contains("1 of 2 nodes", graph.Notes[1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_an_operator_added_before_it_failed_is_forgotten()
    {
        // A convolution over places of a sequence: the reshaped map was added before the shape was refused.
        var graph = Stranger("08-unsupported-common-operators", "eca_conv1d");
        Assert.Equal(["conv1", "conv2"], graph.Layers.Select(layer => layer.Name));
        var reaches = graph.Ancestors([graph.Output, .. graph.Ends.Select(end => end.Node)]);
        Assert.DoesNotContain(false, reaches);
        using var runner = new NetworkRunner(graph);
    }

    [Fact]
    public void A_network_that_begins_with_an_unknown_operator_is_refused()
    {
        var m = new OnnxModel(new Random(7), 18, 1, 3, 8, 8);
        var bytes = m.Write(m.Conv(m.Add("Foo", [OnnxModel.Input]), 3, 4));
        Assert.Equal(
            "node 'Foo_0_node': operator 'Foo' is not supported (docs/networks.md lists those that are)",
            Assert.Throws<OperatorNotSupportedException>(() => OnnxParity.Load(bytes)).Message);
    }

    private static NetworkGraph Stranger(string folder, string name)
        => NetworkLoader.Load(TestData.Path("strangers", folder, name + ".onnx"));
}
