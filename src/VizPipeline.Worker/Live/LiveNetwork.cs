using System.Diagnostics;
using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Deconvolution;
using VizPipeline.Methods.Input;
using VizPipeline.Methods.Search;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Worker.Live;

/// <summary>An atlas's network, opened for live requests. Not thread-safe.</summary>
public sealed class LiveNetwork : IDisposable
{
    private const int MostOutputs = 5;
    private readonly NetworkRunner _runner;
    private readonly AtlasSpec _spec;
    private readonly Preprocessing _preprocessing;

    internal LiveNetwork(AtlasSpec spec, byte[] specBytes, NetworkGraph graph, torch.Device device, Preprocessing preprocessing)
    {
        (_spec, SpecBytes, _preprocessing) = (spec, specBytes, preprocessing);
        _runner = new NetworkRunner(graph, device);
    }

    internal byte[] SpecBytes { get; }

    internal AtlasSpec Spec => _spec;

    internal NetworkRunner Runner => _runner;

    internal Preprocessing Preprocessing => _preprocessing;

    /// <summary>Returns all maps of a layer.</summary>
    /// <param name="request">The request.</param>
    /// <param name="crop">The picture's crop, as produced by the preprocessing.</param>
    /// <param name="cost">The cost so far; <see cref="LiveCost.Compute"/> holds the start timestamp.</param>
    public FeatureMapsShown FeatureMaps(ShowFeatureMaps request, byte[] crop, LiveCost cost)
    {
        ArgumentNullException.ThrowIfNull(request);
        var layer = Layer(request);
        var output = Output;
        using var scope = torch.NewDisposeScope();
        var values = Forward(Upload(crop), output is null ? [layer] : [layer, output]);
        var maps = values[layer.Node];
        var area = layer.Shape.Height * layer.Shape.Width;
        var (least, greatest, bytes) = (new float[layer.Neurons], new float[layer.Neurons], new byte[maps.Length]);
        Parallel.For(0, layer.Neurons, channel => (least[channel], greatest[channel]) = Quantise(
            maps.AsSpan(channel * area, area), bytes.AsSpan(channel * area, area)));
        return new FeatureMapsShown(
            layer.Neurons, layer.Shape.Height, layer.Shape.Width, least, greatest, bytes,
            Png.Encode(_preprocessing.Picture(crop)), output is null ? [] : Strongest(values[output.Node]), Spent(cost));
    }

    /// <summary>Returns the activation of every neuron.</summary>
    /// <inheritdoc cref="FeatureMaps"/>
    public ResponsesShown Responses(byte[] crop, LiveCost cost)
    {
        Layer[] layers = [.. _spec.Layers.Select(layer => _runner.Graph.Layer(layer.Name))];
        using var scope = torch.NewDisposeScope();
        var maxima = new Dictionary<int, float[]>();
        _runner.Forward(
            Upload(crop), [.. layers.Select(layer => layer.Node).Distinct()],
            (node, value) => maxima[node] = SpatialMaximum.Find(value).Values);
        return new ResponsesShown(
            [.. layers.Select(layer => maxima[layer.Node])], Png.Encode(_preprocessing.Picture(crop)),
            Output is null ? [] : Strongest(maxima[Output.Node]), Spent(cost));
    }

    /// <summary>Returns the deconvolution of one neuron.</summary>
    /// <inheritdoc cref="FeatureMaps"/>
    public DeconvolutionShown Deconvolution(ShowDeconvolution request, byte[] crop, LiveCost cost)
    {
        ArgumentNullException.ThrowIfNull(request);
        var layer = Layer(request);
        CheckChannel(layer, request.Channel);
        if (request.Y is null != request.X is null || request.Y < 0 || request.Y >= layer.Shape.Height || request.X < 0
            || request.X >= layer.Shape.Width)
            throw new LiveRequestException(
                $"the maps of layer '{layer.Name}' have {layer.Shape.Height} rows and {layer.Shape.Width} columns, "
                + $"so there is no position {request.Y},{request.X}");
        using var scope = torch.NewDisposeScope();
        var images = Upload(crop);
        var (y, x) = request is { Y: { } row, X: { } column } ? (row, column) : Strongest(images, layer, request.Channel);
        var result = new BackProjection(_runner, layer, RuleOf(request.Rule)).Run(images, new Sites([0], [y], [x]), [request.Channel]);
        var input = _runner.Graph.InputShape;
        var signal = PixelScales.ToRgb(result.Cut(0, new Box(0, 0, input.Width, input.Height)), _preprocessing);
        var box = layer.Field.At(y, x).Clip(input.Height, input.Width);
        return new DeconvolutionShown(
            result.Activations[0], y, x, [box.X0, box.Y0, box.X1, box.Y1],
            Png.Encode(SignedDisplay.Render(signal, input.Width, input.Height)), Png.Encode(_preprocessing.Picture(crop)), Spent(cost))
        {
            EffectiveBox = FindEffectiveBox(result, box),
        };
    }

    internal static void CheckChannel(Layer layer, int channel)
    {
        if (channel < 0 || channel >= layer.Neurons)
            throw new LiveRequestException($"layer '{layer.Name}' has channels 0 to {layer.Neurons - 1}, not {channel}");
    }

    internal int[] FindEffectiveBox(BackProjected result, Box box)
    {
        if (box.Width < 1 || box.Height < 1)
            return [box.X0, box.Y0, box.X1, box.Y1];
        var part = EffectiveField.Find(PixelScales.ToRgb(result.Cut(0, box), _preprocessing), box, box);
        return [part.X0, part.Y0, part.X1, part.Y1];
    }

    /// <inheritdoc/>
    public void Dispose() => _runner.Dispose();

    private Layer? Output => _spec.LayersInOrder().FirstOrDefault(candidate => candidate.Kind == "output") is { } last
        ? _runner.Graph.Layer(last.Name) : null;

    private Layer Layer(ILiveRequest request)
        => _runner.Graph.Layer(request.Layer ?? throw new LiveRequestException("the request names no layer"));

    internal torch.Tensor Upload(byte[] crop) => ImageTensor.Create(crop, 1, _preprocessing, _runner.Device);

    internal Dictionary<int, float[]> Forward(torch.Tensor images, IEnumerable<Layer> layers)
    {
        var values = new Dictionary<int, float[]>();
        _runner.Forward(images, [.. layers.Select(layer => layer.Node).Distinct()], (node, value) => values[node] = value.to(
            torch.CPU).contiguous().data<float>().ToArray());
        return values;
    }

    // The first of equal values, as in the search over image sets.
    private (int Y, int X) Strongest(torch.Tensor images, Layer layer, int channel)
    {
        var area = layer.Shape.Height * layer.Shape.Width;
        return FindStrongest(Forward(images, [layer])[layer.Node].AsSpan(channel * area, area), layer.Shape.Width);
    }

    internal static (int Y, int X) FindStrongest(ReadOnlySpan<float> map, int width)
    {
        var strongest = 0;
        for (var i = 1; i < map.Length; i++)
            strongest = map[i] > map[strongest] ? i : strongest;
        return Math.DivRem(strongest, width);
    }

    private List<LiveOutput> Strongest(float[] outputs)
    {
        var probabilities = OutputProbabilities.From(outputs);
        return [.. outputs
            .Select((value, index) => new LiveOutput(index, index < _spec.OutputNames.Count ? _spec.OutputNames[index] : null, value)
            {
                Probability = probabilities[index],
            })
            .OrderByDescending(output => output.Value).Take(MostOutputs)];
    }

    private static (float Least, float Greatest) Quantise(ReadOnlySpan<float> map, Span<byte> bytes)
    {
        var (least, greatest) = (map[0], map[0]);
        foreach (var value in map)
            (least, greatest) = (Math.Min(least, value), Math.Max(greatest, value));
        var scale = greatest > least ? 255 / ((double)greatest - least) : 0;
        for (var i = 0; i < map.Length; i++)
            bytes[i] = (byte)Math.Clamp(Math.Round((map[i] - least) * scale), 0, 255);
        return (least, greatest);
    }

    private static ReverseRule RuleOf(string rule) => rule switch
    {
        "deconv" => ReverseRule.Deconvolution,
        "guided" => ReverseRule.GuidedBackpropagation,
        "gradient" => ReverseRule.Gradient,
        _ => throw new LiveRequestException($"the rule must be deconv, guided or gradient, not '{rule}'"),
    };

    internal static LiveCost Spent(LiveCost cost) => cost with { Compute = Stopwatch.GetElapsedTime((long)cost.Compute).TotalMilliseconds };
}
