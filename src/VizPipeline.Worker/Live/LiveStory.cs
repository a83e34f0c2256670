using System.Diagnostics;
using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Deconvolution;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Worker.Live;

/// <summary>Makes the pictures of a neuron's story: the way of an image to the neuron and back, and an ascent as it grows.</summary>
internal static class LiveStory
{
    // A person waits, and the request ends after LiveLimits.Patience: fewer steps on slow networks.
    private static readonly TimeSpan AscentPatience = TimeSpan.FromSeconds(6);
    private static readonly int[] AscentSteps = [96, 64, 48, 32, 24, 16, 12, 8, 4];
    private const int TrialSteps = 2;

    // Most is seen to happen in the first steps.
    private static readonly int[] KeptSteps = [0, 1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 80];

    /// <summary>Traces an image to a neuron, and the neuron's deconvolution back through the layers of the atlas.</summary>
    public static NeuronTraced Trace(LiveNetwork network, TraceNeuron request, byte[] crop, LiveCost cost)
    {
        var (graph, spec) = (network.Runner.Graph, network.Spec);
        var layer = graph.Layer(request.Layer);
        LiveNetwork.CheckChannel(layer, request.Channel);
        using var scope = torch.NewDisposeScope();
        var images = network.Upload(crop);
        var (height, width) = (layer.Shape.Height, layer.Shape.Width);
        var map = network.Forward(images, [layer])[layer.Node].AsSpan(request.Channel * height * width, height * width).ToArray();
        var (y, x) = LiveNetwork.FindStrongest(map, width);
        var ancestors = graph.Ancestors(layer.Node);
        Layer[] passed = [.. spec.Layers.Select(known => graph.Layer(known.Name))
            .Where(known => known.Node < layer.Node && ancestors[known.Node]).DistinctBy(known => known.Node)
            .OrderByDescending(known => known.Node)];
        var signals = new Dictionary<int, TracedLayer>();
        // On whole maps, so that the pictures of all layers show the whole image.
        var back = new BackProjection(network.Runner, layer, wholeFrom: double.Epsilon)
        {
            Observed = [.. passed.Select(known => known.Node)],
            ObserveSignal = (node, signal) => signals[node] = Draw(passed.First(known => known.Node == node), signal),
        };
        var result = back.Run(images, new Sites([0], [y], [x]), [request.Channel]);
        var input = graph.InputShape;
        var whole = PixelScales.ToRgb(result.Cut(0, new Box(0, 0, input.Width, input.Height)), network.Preprocessing);
        var box = layer.Field.At(y, x).Clip(input.Height, input.Width);
        return new NeuronTraced(
            result.Activations[0], y, x, height, width, [box.X0, box.Y0, box.X1, box.Y1], network.FindEffectiveBox(result, box),
            Png.Encode(Colormap.Viridis.Render(map, width, height, Math.Min(0, map.Min()), map.Max())),
            [.. passed.Where(known => signals.ContainsKey(known.Node)).Select(known => signals[known.Node])],
            Png.Encode(SignedDisplay.Render(whole, input.Width, input.Height)), Png.Encode(network.Preprocessing.Picture(crop)),
            LiveNetwork.Spent(cost));
    }

    /// <summary>Draws the deconvolution of an image for a neuron.</summary>
    public static ExemplarRendered Render(LiveNetwork network, RenderExemplar request, byte[] crop, LiveCost cost)
    {
        var shown = network.Deconvolution(new ShowDeconvolution(request.AtlasId, [], request.Layer, request.Channel), crop, cost);
        return new ExemplarRendered(
            new Exemplar(shown.Activation, shown.Y, shown.X, shown.Box, shown.EffectiveBox!, shown.Deconvolution), shown.Cost);
    }

    /// <summary>Runs an ascent by the atlas's first recipe that needs nothing else, and keeps pictures on the way.</summary>
    public static AscentGrown Grow(LiveNetwork network, GrowAscent request, LiveCost cost, CancellationToken cancellation)
    {
        var layer = network.Runner.Graph.Layer(request.Layer);
        LiveNetwork.CheckChannel(layer, request.Channel);
        var recipe = ChooseRecipe(network.Spec);
        var pixels = PixelScales.Create(network.Preprocessing);
        var clock = Stopwatch.StartNew();
        for (var trial = 0; trial < 2; trial++)
        {
            // The first trial warms up.
            clock.Restart();
            new AscentRun(network.Runner, layer, AscentPresets.WithSteps(recipe, TrialSteps), pixels)
                .Ascend([request.Channel], 0, cancellation);
        }
        var affordable = AscentPatience / clock.Elapsed * TrialSteps;
        var steps = AscentSteps.FirstOrDefault(count => count <= affordable, AscentSteps[^1]);
        var pictures = new List<GrownPicture>();
        AscentRun? run = null;
        run = new AscentRun(network.Runner, layer, AscentPresets.WithSteps(recipe, steps), pixels)
        {
            WatchedSteps = [.. KeptSteps.Where(kept => kept < steps)],
            Watch = (step, image) => pictures.Add(new(step, Png.Encode(
                AscentPicture.Draw(image, run!.Box.Width, run.Box.Height, network.Preprocessing)))),
        };
        var result = run.Ascend([request.Channel], 0, cancellation)[0];
        if (result.Status != AscentStatus.Dead)
            pictures.Add(new(steps, Png.Encode(AscentPicture.Draw(result, network.Preprocessing))));
        return new AscentGrown(recipe.Name, steps, result.Activation, pictures, LiveNetwork.Spent(cost));
    }

    private static AscentRecipe ChooseRecipe(AtlasSpec spec)
    {
        foreach (var preset in spec.Methods.HasFlag(AtlasMethods.Ascent) ? spec.Ascent.Presets : [])
        {
            var recipe = AscendNeuronsHandler.RecipeOf(spec.Ascent with { Steps = null }, preset);
            if (recipe is { Start: not TopPatchesStart, Parametrization: not MacoParametrization, Facets: 1 })
                return recipe;
        }
        return AscentPresets.Find(AscentPresets.Default)!;
    }

    private static TracedLayer Draw(Layer layer, torch.Tensor signal)
    {
        using var scope = torch.NewDisposeScope();
        using var flat = signal.reshape(-1).contiguous().cpu();
        var values = MemoryMarshal.Cast<byte, float>(flat.bytes);
        var (height, width) = (layer.Shape.Height, layer.Shape.Width);
        var (squares, reached) = (new float[height * width], 0);
        for (var channel = 0; channel < layer.Neurons; channel++)
        {
            var plane = values.Slice(channel * squares.Length, squares.Length);
            var isReached = false;
            for (var i = 0; i < plane.Length; i++)
            {
                squares[i] += plane[i] * plane[i];
                isReached |= plane[i] != 0;
            }
            reached += isReached ? 1 : 0;
        }
        var norms = Array.ConvertAll(squares, MathF.Sqrt);
        return new TracedLayer(
            layer.Name, layer.Neurons, reached, height, width,
            Png.Encode(Colormap.Viridis.Render(norms, width, height, 0, norms.Max())));
    }
}
