using System.Text.Json.Nodes;
using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;
using VizPipeline.Network.Zoo;

namespace VizPipeline.Tests.Network.Reference;

/// <summary>The zoo against torchvision: parameters by name and shape, official weights, and values of whole networks.</summary>
public class TorchvisionTests
{
    // VGG's 133 million parameters take a second to make and half a gigabyte; its layers are compared with recorded ones elsewhere.
    private static readonly string[] TooLarge = ["vgg11_bn", "wide_resnet50_2"];

    // With weights by formula its gates amplify: a ten-millionth of the picture more changes its sixth stage by a third. The first modules
    // tell.
    private const string Chaotic = "efficientnet_v2_s";

    public static TheoryData<string> Computed { get; } = [.. Names(ReferenceData.Networks).Except(TooLarge)];

    public static TheoryData<string> Listed { get; } = [.. Names(ReferenceData.Shapes)];

    [Fact]
    public void The_formula_gives_the_scripts_numbers()
    {
        Assert.Equal(ReferenceData.Numbers(ReferenceData.Networks["uniform(check)"]), Enumerable.Range(0, 4).Select(
            i => ReferenceFormula.Uniform(ReferenceFormula.Seed("check"), i)));
        var bytes = ReferenceFormula.Values("check", 1000, "weight", 7).SelectMany(BitConverter.GetBytes).ToArray();
        Assert.Equal((string)ReferenceData.Networks["sha256(check)"]!, Convert.ToHexStringLower(
            System.Security.Cryptography.SHA256.HashData(bytes)));
    }

    [Theory, MemberData(nameof(Listed))]
    public void A_state_dict_of_torchvisions_names_and_shapes_is_recognised_and_fits(string name)
    {
        var model = ZooModels.Find(name)!;
        var weights = ReferenceData.StateDict(name).ToDictionary(tensor => tensor.Name);
        Assert.Equal(model, WeightFit.Find(weights)?.Model);
        var graph = model.Build(new Shape(3, model.InputSize, model.InputSize), weights);
        Assert.Equal(model.Plan().Layers, graph.Layers);
        Assert.Throws<WeightsMismatchException>(() => model.Build(graph.InputShape, weights.Skip(1).ToDictionary()));
    }

    [Theory]
    [InlineData("resnet18", "conv1.weight", 1)]
    [InlineData("inception_v3", "Conv2d_1a_3x3.conv.weight", 4)]
    [InlineData("mobilenet_v3_small", "features.0.0.weight", 1)]
    public void Weights_of_networks_of_grey_and_other_images_are_recognised(string name, string first, int channels)
    {
        var model = ZooModels.Find(name)!;
        var weights = ReferenceData.StateDict(name).ToDictionary(tensor => tensor.Name, tensor => tensor.Name != first ? tensor
            : FloatTensor.Placeholder(first, [tensor.Shape[0], channels, .. tensor.Shape[2..]]));
        Assert.Equal(model, WeightFit.Find(weights)?.Model);
        Assert.Equal(channels, model.ChannelsOf(weights));
        var graph = model.Build(new Shape(channels, model.InputSize, model.InputSize), weights);
        Assert.Equal(
            model.Plan().Layers.Select(layer => (layer.Name, layer.Shape)), graph.Layers.Select(layer => (layer.Name, layer.Shape)));
    }

    [Fact]
    public void Official_weights_are_torchvisions()
    {
        var seen = 0;
        foreach (var name in Names(ReferenceData.Shapes))
        {
            var theirs = Find(ReferenceData.Shapes, name)["weights"]!.AsArray()
                .Where(weights => ((string)weights!["name"]!).StartsWith("IMAGENET1K_V", StringComparison.Ordinal));
            var expected = theirs.OrderByDescending(weights => (bool)weights!["is_default"]!)
                .ThenBy(weights => (string)weights!["name"]!, StringComparer.Ordinal).Select(weights => (
                (string)weights!["name"]!, (string)weights["url"]!, ReferenceData.Numbers(weights["crop"])[0], ReferenceData.Numbers(
                    weights["resize"])[0],
                ((string)weights["interpolation"]!).Contains("bicubic", StringComparison.OrdinalIgnoreCase),
                string.Join(' ', ReferenceData.Numbers(weights["mean"]).Select(number => (float)number)),
                string.Join(' ', ReferenceData.Numbers(weights["std"]).Select(number => (float)number))));
            var ours = ZooModels.Find(name)!.Weights.Select(weights => (
                weights.Version, ZooWeights.OfficialAddress + weights.File, (double)weights.Crop, (double)weights.ShorterSide,
                weights.Bicubic,
                string.Join(' ', weights.Mean), string.Join(' ', weights.Std)));
            Assert.Equal(expected, ours);
            seen += expected.Count();
        }
        Assert.True(seen > 60, $"only {seen} weights compared");
    }

    [Theory, MemberData(nameof(Computed))]
    public void A_network_computes_what_torchvisions_computes(string name)
    {
        var expected = Find(ReferenceData.Networks, name);
        var size = (int)expected["size"]!;
        var graph = ZooModels.Find(name)!.Build(new Shape(3, size, size), StateDict(name));
        var modules = expected["modules"]!.AsArray().Take(name == Chaotic ? 3 : int.MaxValue)
            .ToLookup(module => graph.Nodes.First(node => node.Name == (string)module!["name"]!).Index);
        int[] observed = name == Chaotic ? [] : [graph.Output];
        using var runner = new NetworkRunner(graph);
        using var picture = torch.tensor(ReferenceFormula.Picture(size), [1, 3, size, size]).ChannelsLast();
        var compared = 0;
        runner.Forward(picture, [.. observed.Union(modules.Select(module => module.Key))], (node, value) =>
        {
            using var rows = value.contiguous();
            var values = Unfolded(graph, node, rows.ToArray());
            if (node == graph.Output)
                Compare(expected["logits"]!, values);
            foreach (var module in modules[node])
            {
                CompareModule(module!, value.shape, values);
                compared++;
            }
        });
        Assert.Equal(modules.Count, compared);
    }

    private static void CompareModule(JsonNode module, long[] shape, float[] values)
    {
        var (name, deviation) = ((string)module["name"]!, (double)module["deviation"]!);
        Assert.Equal(ReferenceData.Numbers(module["shape"]), shape.Select(extent => (double)extent));
        Near((double)module["mean"]!, values.Average(number => (double)number), deviation, $"mean of {name}");
        Near((double)module["max"]!, values.Max(), deviation, $"maximum of {name}");
        foreach (var (theirs, ours) in ReferenceData.Numbers(module["first"]).Zip(values))
            Near(theirs, ours, deviation, name);
    }

    // A convolution whose normalisation follows is run with it folded in: this takes it out again.
    private static float[] Unfolded(NetworkGraph graph, int node, float[] values)
    {
        if (graph.Nodes[node].Operator is not Convolution || graph.Consumers(node) is not [var next]
            || graph.Nodes[next].Operator is not ChannelAffine affine)
            return values;
        var each = values.Length / graph.Nodes[node].Shape.Channels;
        return [.. values.Select((value, i) => (value - affine.Shift.Values[i / each]) / affine.Scale.Values[i / each])];
    }

    /// <summary>Compares logits: the first ones, their sum and the sum of their squares.</summary>
    internal static void Compare(JsonNode expected, float[] logits, double tolerance = Tolerance)
    {
        Assert.Equal((int)expected["count"]!, logits.Length);
        var squares = (double)expected["squares"]!;
        var scale = Math.Sqrt(squares / logits.Length);
        foreach (var (theirs, ours) in ReferenceData.Numbers(expected["first"]).Zip(logits))
            Near(theirs, ours, scale, "logits", tolerance);
        Near((double)expected["sum"]!, logits.Sum(number => (double)number), scale * logits.Length, "sum of the logits", tolerance);
        Near(squares, logits.Sum(number => (double)number * number), squares, "squares of the logits", tolerance);
    }

    private const double Tolerance = 1e-4;

    private static void Near(double expected, double actual, double scale, string what, double tolerance = Tolerance) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance * scale, $"{what}: {expected} and {actual}, of a scale of {scale}");

    private static Dictionary<string, FloatTensor> StateDict(string name) => name.StartsWith("regnet", StringComparison.Ordinal)
        ? RegNetParameters(name).ToDictionary(parameter => parameter.Name)
        : ReferenceData.StateDict(name).Where(entry => !entry.Name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
            .ToDictionary(entry => entry.Name, entry => ReferenceFormula.Tensor(entry.Name, entry.Shape));

    // Their state dicts are not listed; what our own network asks for has names that the recorded modules and logits depend on.
    private static IEnumerable<FloatTensor> RegNetParameters(string name)
    {
        foreach (var node in ZooModels.Find(name)!.Plan().Nodes)
        {
            switch (node.Operator)
            {
                case Convolution convolution:
                    yield return ReferenceFormula.Tensor(convolution.Weight.Name, convolution.Weight.Shape);
                    if (convolution.Bias is { } bias)
                        yield return ReferenceFormula.Tensor(bias.Name, bias.Shape);
                    break;
                case Linear linear:
                    yield return ReferenceFormula.Tensor(linear.Weight.Name, linear.Weight.Shape);
                    yield return ReferenceFormula.Tensor(linear.Bias!.Name, linear.Bias.Shape);
                    break;
                case ChannelAffine:
                    foreach (var part in (string[])["weight", "bias", "running_mean", "running_var"])
                        yield return ReferenceFormula.Tensor($"{node.Name}.{part}", [node.Shape.Channels]);
                    break;
            }
        }
    }

    private static IEnumerable<string> Names(JsonNode data) => data["models"]!.AsArray().Select(model => (string)model!["name"]!);

    private static JsonNode Find(JsonNode data, string name) => data["models"]!.AsArray().First(model => (string)model!["name"]! == name)!;
}
