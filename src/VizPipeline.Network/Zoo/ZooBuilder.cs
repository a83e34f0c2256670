using System.Collections.ObjectModel;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Zoo;

/// <summary>Weights do not match an architecture. The message names the first parameter that differs.</summary>
public sealed class WeightsMismatchException(string message) : Exception(message);

/// <summary>Weights that do not fit an architecture, to see in what they differ; what is missing is replaced by placeholders.</summary>
internal sealed class ComparedWeights(IReadOnlyDictionary<string, FloatTensor> weights)
    : ReadOnlyDictionary<string, FloatTensor>(weights.ToDictionary())
{
    /// <summary>Number of tensors that were taken before the first that cannot be.</summary>
    public int Taken { get; set; }

    public List<string> Missing { get; } = [];

    public List<string> Unknown { get; } = [];
}

/// <summary>
/// Builds an architecture with torchvision's module names and takes each module's parameters from a state dict. Without a state dict,
/// parameters are placeholders of torchvision's default widths. With one, its widths apply: slimmer or wider variants and other numbers of
/// classes load.
/// </summary>
internal sealed class ZooBuilder(Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
{
    private const int MostNamed = 5;

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
        var bias = weights?.ContainsKey($"{name}.bias") == false ? null : Take($"{name}.bias", weight.Shape[0]);
        return Graph.Add(name, new Linear(weight, bias), x);
    }

    public int Concat(string name, params ReadOnlySpan<int> parts) =>
        Graph.Add(name, new Concat([.. parts.ToArray().Select(ChannelsOf)]), parts);

    public int Add(string name, int a, int b) => Graph.Add(name, new Add(), a, b);

    /// <summary>Returns the finished network, whose classifier is one fully connected layer on the means of the trunk's maps.</summary>
    /// <inheritdoc cref="BuildWithHead(string, int, ValueTuple{string, int}, string[], Func{int, int}, string[])"/>
    public NetworkGraph BuildWithHead(string name, int trunk, string pool, string head, params string[] ignoredPrefixes)
        => BuildWithHead(name, trunk, (pool, 1), [head], pooled => Linear(Flatten(pooled), head, 1000), ignoredPrefixes);

    /// <summary>
    /// Returns the finished network. Where the weights have another classifier than the architecture's, as after fine-tuning, a single
    /// fully connected layer that fits is taken; without one, the network ends with the trunk's maps.
    /// </summary>
    /// <param name="name">The architecture's name.</param>
    /// <param name="trunk">The last node of the trunk.</param>
    /// <param name="pool">Name of the average pooling that follows it, and height and width of its output.</param>
    /// <param name="head">Names of the classifier's layers with weights, in order.</param>
    /// <param name="classify">Adds the classifier on the pooled maps.</param>
    /// <param name="ignoredPrefixes">Beginnings of the names of parameters that are only for training.</param>
    /// <exception cref="WeightsMismatchException">The weights have parameters inside the trunk that the architecture lacks.</exception>
    public NetworkGraph BuildWithHead(
        string name, int trunk, (string Name, int Size) pool, string[] head, Func<int, int> classify, params string[] ignoredPrefixes)
    {
        if (weights is null || head.All(Has))
            return Build(name, classify(AdaptiveAveragePool(trunk, pool.Name, pool.Size)), ignoredPrefixes);
        var unused = weights.Values.Where(tensor => !_used.Contains(tensor.Name) && !IsIgnored(tensor, ignoredPrefixes)).ToList();
        var matrices = unused.Where(tensor => tensor.Shape.Length == 2).ToList();
        if (matrices is [{ Shape: [_, var inputs], Name: var weight }] && inputs == ChannelsOf(trunk) * pool.Size * pool.Size
            && weight.EndsWith(".weight", StringComparison.Ordinal)
            && unused.TrueForAll(
                tensor => tensor.Name == weight || tensor.Name == BiasOf(weight) || ModuleOf(tensor.Name) != ModuleOf(weight)))
        {
            var layer = weight[..^".weight".Length];
            var output = Linear(Flatten(AdaptiveAveragePool(trunk, pool.Name, pool.Size)), layer, 0);
            return Build(name, output, ignoredPrefixes, $"the classifier is '{layer}' instead of {name}'s '{head[^1]}'");
        }
        return Build(name, trunk, ignoredPrefixes, matrices.Count == 0
            ? "the weights have no classifier, so there is no layer 'logits'"
            : $"the classifier is not {name}'s, and what lies between its layers is not in the file: it is left out, so there is no layer "
                + "'logits'", hasLogits: false);
    }

    /// <summary>Returns whether the state dict has the weights of a layer.</summary>
    public bool Has(string layer) => weights is not null && weights.ContainsKey($"{layer}.weight");

    private static string BiasOf(string weight) => weight[..^"weight".Length] + "bias";

    /// <summary>Returns the finished network after checking that the state dict contains no unknown parameters.</summary>
    public NetworkGraph Build(string name, int output, params string[] ignoredPrefixes) => Build(name, output, ignoredPrefixes, null);

    private NetworkGraph Build(string name, int output, string[] ignoredPrefixes, string? note, bool hasLogits = true)
    {
        var notes = new List<string>();
        if (note is not null)
            notes.Add(note);
        var unknown = weights?.Values.Where(tensor => !_used.Contains(tensor.Name) && !IsIgnored(tensor, ignoredPrefixes))
            .Select(tensor => tensor.Name).ToList() ?? [];
        var own = _used.Select(ModuleOf).ToHashSet(StringComparer.Ordinal);
        if (weights is ComparedWeights compared)
            compared.Unknown.AddRange(unknown.Where(key => own.Contains(ModuleOf(key))));
        else if (unknown.Find(key => own.Contains(ModuleOf(key))) is { } inside)
            throw new WeightsMismatchException(
                $"the weights contain '{inside}', which {name} does not have: they may belong to another architecture");
        var modules = unknown.GroupBy(ModuleOf).Select(module => $"'{module.Key}' ({module.Count()})").ToList();
        if (modules.Count > 0)
            notes.Add($"weights that {name} does not have are left out: " + string.Join(", ", modules.Take(MostNamed))
                + (modules.Count > MostNamed ? ", ..." : ""));
        return Graph.Build(name, output, hasLogits, notes);
    }

    // Single numbers are counters, such as those of batches and of THOP's operations.
    private static bool IsIgnored(FloatTensor tensor, string[] prefixes) => tensor.Count == 1
        || tensor.Name.EndsWith(".num_batches_tracked", StringComparison.Ordinal)
        || Array.Exists(prefixes, prefix => tensor.Name.StartsWith(prefix, StringComparison.Ordinal));

    private static string ModuleOf(string key) => key.Split('.', 2)[0];

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
        var compared = weights as ComparedWeights;
        if (weights.TryGetValue(name, out var tensor))
        {
            if (compared is not null)
                compared.Taken++;
            return tensor;
        }
        if (compared is null)
            throw new WeightsMismatchException(
                $"the weights lack '{name}' (shape [{string.Join(", ", shape)}] by default): they may belong to another architecture");
        compared.Missing.Add(name);
        return FloatTensor.Placeholder(name, shape);
    }
}
