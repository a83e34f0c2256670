using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Zoo;

/// <summary>Weights and an architecture do not belong together. The message names the first parameter that differs.</summary>
public sealed class WeightsMismatchException(string message) : Exception(message);

/// <summary>
/// Builds an architecture by torchvision's module names, taking each module's parameters from a state dict. Without one, parameters are
/// placeholders of torchvision's default widths. With one, its widths count: slimmer or wider variants and other numbers of classes load.
/// </summary>
internal sealed class ZooBuilder(Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
{
    private readonly HashSet<string> _used = [];

    public GraphBuilder Graph { get; } = new(input);

    public int ChannelsOf(int node) => Graph.Shape(node).Channels;

    /// <summary>A convolution <c>name.weight</c> (and <c>name.bias</c> where it has one).</summary>
    public int Conv(int x, string name, int outputs, int kernel, int stride = 1, int pad = 0, int groups = 1, bool bias = true)
    {
        var weight = Take($"{name}.weight", outputs, ChannelsOf(x) / groups, kernel, kernel);
        if (weight.Shape.Length != 4 || weight.Shape[2] != kernel || weight.Shape[3] != kernel)
            throw new WeightsMismatchException($"'{weight.Name}' has shape [{string.Join(", ", weight.Shape)}], the architecture has a {kernel}x{kernel} kernel there: are the weights of another architecture?");
        var window = Window.Square(kernel, stride, pad);
        return Graph.Add(name, new Convolution(weight, bias ? Take($"{name}.bias", weight.Shape[0]) : null, window, groups), x);
    }

    public int BatchNorm(int x, string name, double epsilon = 1e-5)
    {
        var channels = ChannelsOf(x);
        return Graph.Add(name, ChannelAffine.BatchNorm(
            name, Take($"{name}.weight", channels), Take($"{name}.bias", channels), Take($"{name}.running_mean", channels), Take($"{name}.running_var", channels), epsilon), x);
    }

    public int Relu(int x, string name) => Graph.Add(name, new Relu(), x);

    public int MaxPool(int x, string name, int kernel, int stride, int pad = 0, bool ceil = false) =>
        Graph.Add(name, new MaxPool(Window.Square(kernel, stride, pad, ceil: ceil)), x);

    /// <summary>torchvision's adaptive average pooling, which at the usual input size does nothing.</summary>
    public int AdaptiveAveragePool(int x, string name, int size) =>
        size == 1 ? Graph.Add(name, new GlobalAveragePool(), x) : Graph.Add(name, new AdaptiveAveragePool(size, size), x);

    public int Flatten(int x, string name = "flatten") => Graph.Add(name, new Flatten(), x);

    public int Linear(int x, string name, int outputs)
    {
        var weight = Take($"{name}.weight", outputs, ChannelsOf(x));
        return Graph.Add(name, new Linear(weight, Take($"{name}.bias", weight.Shape[0])), x);
    }

    public int Concat(string name, params ReadOnlySpan<int> parts) =>
        Graph.Add(name, new Concat([.. parts.ToArray().Select(ChannelsOf)]), parts);

    public int Add(string name, int a, int b) => Graph.Add(name, new Add(), a, b);

    /// <summary>The finished network, after a check that the state dict held nothing that the architecture does not know.</summary>
    public NetworkGraph Build(string name, int output, params string[] ignoredPrefixes)
    {
        var unknown = weights?.Keys.FirstOrDefault(key => !_used.Contains(key) && !key.EndsWith(".num_batches_tracked", StringComparison.Ordinal)
            && !Array.Exists(ignoredPrefixes, prefix => key.StartsWith(prefix, StringComparison.Ordinal)));
        return unknown is null ? Graph.Build(name, output) : throw new WeightsMismatchException($"the weights have '{unknown}', which {name} does not: are they of another architecture?");
    }

    private FloatTensor Take(string name, params int[] shape)
    {
        if (weights is null)
            return FloatTensor.Placeholder(name, shape);
        _used.Add(name);
        return weights.TryGetValue(name, out var tensor) ? tensor : throw new WeightsMismatchException($"the weights lack '{name}' (shape [{string.Join(", ", shape)}] by default): are they of another architecture?");
    }
}
