using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Zoo;

/// <summary>Weights do not match an architecture. The message names the first parameter that differs.</summary>
public sealed class WeightsMismatchException(string message) : Exception(message);

/// <summary>
/// Builds an architecture with torchvision's module names and takes each module's parameters from a state dict. Without a state dict,
/// parameters are placeholders of torchvision's default widths. With one, its widths apply: slimmer or wider variants and other numbers of
/// classes load.
/// </summary>
internal sealed class ZooBuilder(Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
{
    private readonly HashSet<string> _used = [];

    public GraphBuilder Graph { get; } = new(input);

    public int ChannelsOf(int node) => Graph.Shape(node).Channels;

    /// <summary>Adds a convolution with <c>name.weight</c> (and <c>name.bias</c> if it has a bias).</summary>
    public int Conv(int x, string name, int outputs, int kernel, int stride = 1, int pad = 0, int groups = 1, bool bias = true) =>
        Conv(x, name, outputs, Window.Square(kernel, stride, pad), groups, bias);

    /// <summary>Adds a convolution with any window.</summary>
    public int Conv(int x, string name, int outputs, Window window, int groups, bool bias)
    {
        var (height, width) = (window.Y.Kernel, window.X.Kernel);
        var weight = Take($"{name}.weight", outputs, ChannelsOf(x) / groups, height, width);
        if (weight.Shape.Length != 4 || weight.Shape[2] != height || weight.Shape[3] != width)
        {
            throw new WeightsMismatchException(
                $"'{weight.Name}' has shape [{string.Join(", ", weight.Shape)}], but the architecture has a {height}x{width} kernel there: "
                + "the weights may belong to another architecture");
        }
        return Graph.Add(name, new Convolution(weight, bias ? Take($"{name}.bias", weight.Shape[0]) : null, window, groups), x);
    }

    /// <summary>Adds a fully connected layer at each position of a map, <c>name.weight</c> [outputs, inputs]: a 1x1 convolution.</summary>
    public int PointwiseLinear(int x, string name, int outputs)
    {
        var weight = Take($"{name}.weight", outputs, ChannelsOf(x));
        if (weight.Shape.Length != 2)
        {
            throw new WeightsMismatchException(
                $"'{weight.Name}' has shape [{string.Join(", ", weight.Shape)}], but the architecture has a matrix there: "
                + "the weights may belong to another architecture");
        }
        return Graph.Add(
            name, new Convolution(weight.With(shape: [.. weight.Shape, 1, 1]), Take($"{name}.bias", weight.Shape[0]), Window.Square(1)), x);
    }

    /// <summary>
    /// Adds torchvision's Conv2dNormActivation: convolution <c>name.0</c> without bias and with padding that keeps the size (up to the
    /// stride), normalisation <c>name.1</c>, and <paramref name="activation"/>, if any, as <c>name.2</c>.
    /// </summary>
    public int ConvNorm(
        int x, string name, int outputs, int kernel, int stride = 1, int groups = 1, Operator? activation = null, double epsilon = 1e-5)
    {
        x = BatchNorm(Conv(x, $"{name}.0", outputs, kernel, stride, (kernel - 1) / 2, groups, bias: false), $"{name}.1", epsilon);
        return activation is null ? x : Graph.Add($"{name}.2", activation, x);
    }

    /// <summary>
    /// Adds squeeze-excitation (Hu et al. 2017, arXiv 1709.01507): each channel times a factor between 0 and 1, computed from all channels'
    /// means by <c>name.fc1</c>, <paramref name="activation"/>, <c>name.fc2</c> and <paramref name="gate"/>.
    /// </summary>
    public int Excite(int x, string name, int squeezed, Operator activation, Operator gate)
    {
        var channels = ChannelsOf(x);
        var means = Graph.Add($"{name}.avgpool", new GlobalAveragePool(), x);
        var factors = Graph.Add($"{name}.activation", activation, Conv(means, $"{name}.fc1", squeezed, 1));
        factors = Graph.Add($"{name}.scale_activation", gate, Conv(factors, $"{name}.fc2", channels, 1));
        return Graph.Add(name, new Multiply(Gate: 1), x, factors);
    }

    public int LayerNorm(int x, string name, double epsilon)
    {
        var channels = ChannelsOf(x);
        return Graph.Add(name, new LayerNorm(Take($"{name}.weight", channels), Take($"{name}.bias", channels), epsilon), x);
    }

    /// <summary>Adds a learned factor per channel, <paramref name="name"/> [C, 1, 1].</summary>
    public int LayerScale(int x, string name)
    {
        var channels = ChannelsOf(x);
        var factors = Take(name, channels, 1, 1);
        if (factors.Count != channels)
        {
            throw new WeightsMismatchException(
                $"'{name}' has {factors.Count} factors for {channels} channels: the weights may belong to another architecture");
        }
        var zeros = factors.IsPlaceholder
            ? FloatTensor.Placeholder($"{name}.shift", channels) : new FloatTensor($"{name}.shift", [channels], new float[channels]);
        return Graph.Add(name, new ChannelAffine(factors.With(shape: [channels]), zeros, channels), x);
    }

    /// <summary>
    /// Adds torchvision's <c>transform_input</c>: converts from ImageNet's mean and standard deviation, which all other networks here
    /// expect, to mean 0.5 and standard deviation 0.5, which weights ported from TensorFlow expect.
    /// </summary>
    public int TransformInput() =>
        ChannelsOf(GraphBuilder.Input) != 3 ? GraphBuilder.Input : Graph.Add("transform_input", new ChannelAffine(
        new FloatTensor("transform_input.scale", [3], [0.229f / 0.5f, 0.224f / 0.5f, 0.225f / 0.5f]),
        new FloatTensor("transform_input.shift", [3], [(0.485f - 0.5f) / 0.5f, (0.456f - 0.5f) / 0.5f, (0.406f - 0.5f) / 0.5f]), 0),
            GraphBuilder.Input);

    public int BatchNorm(int x, string name, double epsilon = 1e-5)
    {
        var channels = ChannelsOf(x);
        return Graph.Add(name, ChannelAffine.BatchNorm(
            name, Take($"{name}.weight", channels), Take($"{name}.bias", channels), Take($"{name}.running_mean", channels),
                Take($"{name}.running_var", channels), epsilon), x);
    }

    public int Relu(int x, string name) => Graph.Add(name, new Relu(), x);

    public int MaxPool(int x, string name, int kernel, int stride, int pad = 0, bool ceil = false) =>
        Graph.Add(name, new MaxPool(Window.Square(kernel, stride, pad, ceil: ceil)), x);

    public int AveragePool(int x, string name, int kernel, int stride, int pad = 0) =>
        Graph.Add(name, new AveragePool(Window.Square(kernel, stride, pad), CountPadding: true), x);

    /// <summary>Adds torchvision's adaptive average pooling, which has no effect at the usual input size.</summary>
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

    /// <summary>Returns the finished network after checking that the state dict contains no unknown parameters.</summary>
    public NetworkGraph Build(string name, int output, params string[] ignoredPrefixes)
    {
        var unknown = weights?.Keys.FirstOrDefault(
            key => !_used.Contains(key) && !key.EndsWith(".num_batches_tracked", StringComparison.Ordinal)
            && !Array.Exists(ignoredPrefixes, prefix => key.StartsWith(prefix, StringComparison.Ordinal)));
        return unknown is null
            ? Graph.Build(name, output)
            : throw new WeightsMismatchException(
                $"the weights contain '{unknown}', which {name} does not have: they may belong to another architecture");
    }

    /// <summary>
    /// Returns torchvision's <c>_make_divisible</c>: the nearest multiple of <paramref name="divisor"/> that removes less than a tenth.
    /// </summary>
    public static int Divisible(double width, int divisor = 8)
    {
        var rounded = Math.Max(divisor, (int)(width + (divisor / 2.0)) / divisor * divisor);
        return rounded < 0.9 * width ? rounded + divisor : rounded;
    }

    private FloatTensor Take(string name, params int[] shape)
    {
        if (weights is null)
            return FloatTensor.Placeholder(name, shape);
        _used.Add(name);
        return weights.TryGetValue(name, out var tensor)
            ? tensor
            : throw new WeightsMismatchException(
                $"the weights lack '{name}' (shape [{string.Join(", ", shape)}] by default): they may belong to another architecture");
    }
}
