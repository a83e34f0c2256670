using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.Network.Zoo;
using VizPipeline.Tests.Network.Reference;

namespace VizPipeline.Tests.Network.Zoo;

/// <summary>State dicts as people's training scripts leave them: prefixes, other classifiers, none, and more beside the network.</summary>
public sealed class WeightFitTests
{
    private static string Variant(string name) => TestData.Path("strangers", "05-state-dict-variants", name + ".pth");

    [Theory]
    [InlineData("prefix-backbone"), InlineData("prefix-encoder"), InlineData("prefix-feature_extractor"), InlineData("prefix-network")]
    [InlineData("prefix-resnet"), InlineData("thop-total_ops")]
    public void Prefixes_and_counters_change_nothing(string name)
    {
        var (expected, actual) = (NetworkLoader.Load(Variant("00-reads-fine")), NetworkLoader.Load(Variant(name)));
        Assert.Equal(expected.Layers, actual.Layers);
        Assert.Empty(actual.Notes);
    }

    [Fact]
    public void A_single_layer_in_place_of_the_classifier_is_taken()
    {
        var graph = NetworkLoader.Load(Variant("fc-dropout-linear"));
        Assert.Equal(("logits", "fc.1", 10), (graph.Layers[^1].Name, graph.Layers[^1].Alias, graph.Layers[^1].Neurons));
        Assert.Equal(["the classifier is 'fc.1' instead of resnet18's 'fc'"], graph.Notes);
    }

    [Fact]
    public void Without_a_classifier_the_network_ends_with_its_maps()
    {
        var graph = NetworkLoader.Load(Variant("no-fc"));
        Assert.Equal("layer4.1", graph.Layers[^1].Name);
        Assert.DoesNotContain(graph.Layers, layer => layer.Kind == LayerKind.Output);
        Assert.Equal(["the weights have no classifier, so there is no layer 'logits'"], graph.Notes);
    }

    [Fact]
    public void A_second_head_is_left_out_and_said()
    {
        var graph = NetworkLoader.Load(Variant("second-head"));
        Assert.Equal(NetworkLoader.Load(Variant("00-reads-fine")).Layers, graph.Layers);
        Assert.Equal(["weights that resnet18 does not have are left out: 'fc2' (2)"], graph.Notes);
    }

    [Theory]
    [InlineData("resnet50"), InlineData("vgg11"), InlineData("mobilenet_v3_small"), InlineData("convnext_tiny"), InlineData("densenet121")]
    [InlineData("efficientnet_b0"), InlineData("squeezenet1_1")]
    public void A_trunk_under_any_prefix_is_its_architecture(string name)
    {
        var weights = ReferenceData.StateDict(name).Select(tensor => tensor.With(name: "a.b." + tensor.Name))
            .ToDictionary(tensor => tensor.Name);
        Assert.Equal(name, WeightFit.Find(weights)!.Model.Name);
        weights["proj.weight"] = FloatTensor.Placeholder("proj.weight", 8, 8);
        weights["proj2.weight"] = FloatTensor.Placeholder("proj2.weight", 8, 8);
        var fitted = WeightFit.Find(weights)!;
        Assert.Equal(name, fitted.Model.Name);
        var graph = fitted.Model.Build(new Shape(3, fitted.Model.InputSize, fitted.Model.InputSize), fitted.Weights);
        Assert.Contains("'proj' (1), 'proj2' (1)", Assert.Single(graph.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vgg11", "features.18")]
    [InlineData("alexnet", "features.10")]
    [InlineData("mobilenet_v3_small", "features.12.0")]
    [InlineData("densenet121", "features.denseblock4.denselayer16")]
    public void A_classifier_of_several_unknown_layers_is_left_out(string name, string last)
    {
        var weights = ReferenceData.StateDict(name).Where(tensor => !tensor.Name.StartsWith("classifier", StringComparison.Ordinal))
            .Append(FloatTensor.Placeholder("classifier.9.weight", 8, 4)).Append(FloatTensor.Placeholder("classifier.11.weight", 2, 8))
            .ToDictionary(tensor => tensor.Name);
        var fitted = WeightFit.Find(weights)!;
        Assert.Equal(name, fitted.Model.Name);
        var graph = fitted.Model.Build(new Shape(3, fitted.Model.InputSize, fitted.Model.InputSize), fitted.Weights);
        Assert.False(graph.HasLogits);
        Assert.Equal(last, graph.Layers[^1].Name);
        Assert.Contains("it is left out", graph.Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Other_weights_inside_the_trunk_are_another_architecture()
    {
        var weights = ReferenceData.StateDict("resnet18").ToDictionary(tensor => tensor.Name);
        weights["layer1.0.se.fc1.weight"] = FloatTensor.Placeholder("layer1.0.se.fc1.weight", 4, 64);
        Assert.Null(WeightFit.Find(weights));
        Assert.Equal(
            "the nearest is resnet18: the file has 'layer1.0.se.fc1.weight', which it lacks", WeightFit.DescribeNearest(weights));
    }

    [Fact]
    public void What_differs_from_the_nearest_architecture_is_named()
    {
        var weights = ReferenceData.StateDict("resnet50").Where(tensor => !tensor.Name.StartsWith("layer3.5.", StringComparison.Ordinal))
            .ToDictionary(tensor => tensor.Name);
        Assert.Null(WeightFit.Find(weights));
        Assert.Matches(
            "^the nearest is resnet50: it has 'layer3.5.conv1.weight', 'layer3.5.bn1.weight', 'layer3.5.bn1.bias' and [0-9]+ more, which "
            + "the file lacks,", WeightFit.DescribeNearest(weights));
        Assert.Null(WeightFit.DescribeNearest(new Dictionary<string, FloatTensor>
        {
            ["a.weight"] = FloatTensor.Placeholder("a.weight", 3, 3),
        }));
    }

    [Fact]
    public void A_network_without_a_classifier_runs()
    {
        using var runner = new NetworkRunner(NetworkLoader.Load(Variant("no-fc"), null, (64, 64)));
        Assert.Equal(16, runner.Graph.Layers[^1].Neurons);
    }
}
