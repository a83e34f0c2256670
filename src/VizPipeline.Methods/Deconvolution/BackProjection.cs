using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Methods.Deconvolution;

/// <summary>The signals at the input for a batch of (image, neuron, position) samples.</summary>
/// <param name="Activations">Each neuron's activation at its position, as recomputed in the forward pass, [S].</param>
/// <param name="Signals">Signals at the input, [S, C, Height, Width], row-major, in the network's channel order.</param>
/// <param name="Channels">Input channels.</param>
/// <param name="Height">Rows of each signal.</param>
/// <param name="Width">Columns of each signal.</param>
/// <param name="Boxes">Each signal's position in the input; it may extend beyond the input, where the signal is 0.</param>
public sealed record BackProjected(float[] Activations, float[] Signals, int Channels, int Height, int Width, Box[] Boxes)
{
    /// <summary>
    /// Returns the part of one signal inside <paramref name="window"/> (input pixels), [C, window height, window width]; zeros outside the
    /// signal.
    /// </summary>
    public float[] Cut(int sample, Box window)
    {
        var (box, cut) = (Boxes[sample], new float[Channels * window.Height * window.Width]);
        var (y0, y1) = (Math.Max(window.Y0, box.Y0), Math.Min(window.Y1, box.Y1));
        var (x0, x1) = (Math.Max(window.X0, box.X0), Math.Min(window.X1, box.X1));
        for (var c = 0; c < Channels && x0 < x1; c++)
        {
            for (var y = y0; y < y1; y++)
            {
                var from = (((((long)sample * Channels) + c) * Height) + (y - box.Y0)) * Width + (x0 - box.X0);
                var to = (((c * window.Height) + (y - window.Y0)) * window.Width) + (x0 - window.X0);
                Signals.AsSpan((int)from, x1 - x0).CopyTo(cut.AsSpan(to));
            }
        }
        return cut;
    }
}

/// <summary>
/// Propagates neurons' activations back to the input (docs/methods.md, section 2) by deconvolution, guided backpropagation or the gradient,
/// for many neurons and images at once, each on the region that its position sees.
/// </summary>
public sealed class BackProjection
{
    private readonly NetworkRunner _runner;
    private readonly Layer _layer;
    private readonly ReverseRule _rule;

    /// <summary>Prepares the back-projection from <paramref name="layer"/>.</summary>
    /// <param name="runner">The network on its device.</param>
    /// <param name="layer">The layer where signals start.</param>
    /// <param name="rule">The rule for nonlinearities.</param>
    /// <param name="wholeFrom">Share of a map from which it is computed whole; see <see cref="RegionPlan.ForPosition"/>.</param>
    public BackProjection(NetworkRunner runner, Layer layer, ReverseRule rule = ReverseRule.Deconvolution, double wholeFrom = 0.75)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(layer);
        (_runner, _layer, _rule) = (runner, layer, rule);
        Plan = RegionPlan.ForPosition(runner.Graph, layer.Node, wholeFrom);
        SamplesPerBatch = PatchSizing.SamplesPerBatch(Plan, runner.Device);
    }

    /// <summary>Which nodes are computed on regions and which on whole maps.</summary>
    public RegionPlan Plan { get; }

    /// <summary>Suitable number of samples for one call of <see cref="Run"/>.</summary>
    public int SamplesPerBatch { get; }

    /// <summary>Nodes below the layer whose signals <see cref="ObserveSignal"/> receives.</summary>
    public IReadOnlyCollection<int> Observed { get; init; } = [];

    /// <inheritdoc cref="Pass.ObserveSignal"/>
    public Action<int, torch.Tensor>? ObserveSignal { get; init; }

    /// <summary>Back-projects one batch.</summary>
    /// <param name="images">[N, C, H, W] on the runner's device, preprocessed.</param>
    /// <param name="sites">Image and position of each sample.</param>
    /// <param name="neurons">Channel or unit of each sample, [S].</param>
    public BackProjected Run(torch.Tensor images, Sites sites, IReadOnlyList<int> neurons)
    {
        ArgumentNullException.ThrowIfNull(sites);
        ArgumentNullException.ThrowIfNull(neurons);
        using var mode = torch.inference_mode();
        using var scope = torch.NewDisposeScope();
        using var geometry = new PassGeometry(_runner, Plan, sites);
        using var pass = new Pass(geometry, _rule) { Observed = Observed, ObserveSignal = ObserveSignal };
        var values = pass.Forward(images);
        var (seeds, activations) = Seed(values, sites, neurons);
        var signal = pass.Reverse(seeds).contiguous().cpu();
        var shape = signal.shape;
        return new BackProjected(
            activations, MemoryMarshal.Cast<byte, float>(signal.bytes)
                .ToArray(), (int)shape[1], (int)shape[2], (int)shape[3], Boxes(sites, (int)shape[2], (int)shape[3]));
    }

    // The layer's values, zero except for each sample's neuron at its position, which keeps its activation.
    private (torch.Tensor Seeds, float[] Activations) Seed(torch.Tensor values, Sites sites, IReadOnlyList<int> neurons)
    {
        var (samples, device) = (sites.Count, values.device);
        var sample = Index([.. Enumerable.Range(0, samples)]);
        var neuron = Index(neurons);
        if (!Plan.IsWhole)
        {
            var picked = values.index(sample, neuron);
            var seeds = torch.zeros_like(values);
            seeds.index_put_(picked, sample, neuron);
            return (seeds, ToArray(picked));
        }
        var image = Index(sites.Image);
        if (values.dim() == 2)
        {
            var picked = values.index(image, neuron);
            var seeds = torch.zeros([samples, values.shape[1]], device: device);
            seeds.index_put_(picked, sample, neuron);
            return (seeds, ToArray(picked));
        }
        else
        {
            var (y, x) = (Index(sites.Y), Index(sites.X));
            var picked = values.index(image, neuron, y, x);
            var seeds = torch.zeros([samples, .. values.shape[1..]], device: device);
            seeds.index_put_(picked, sample, neuron, y, x);
            return (seeds, ToArray(picked));
        }

        torch.Tensor Index(IReadOnlyList<int> numbers) =>
            torch.tensor([.. numbers.Select(number => (long)number)], dtype: torch.int64).to(device);
    }

    private static float[] ToArray(torch.Tensor values)
    {
        using var flat = values.reshape(-1).contiguous().cpu();
        return MemoryMarshal.Cast<byte, float>(flat.bytes).ToArray();
    }

    private Box[] Boxes(Sites sites, int height, int width)
    {
        var boxes = new Box[sites.Count];
        for (var i = 0; i < boxes.Length; i++)
        {
            var (y, x) = Plan[0] is { } extent
                ? (extent.Y.Start + (sites.Y[i] * extent.Y.Stride), extent.X.Start + (sites.X[i] * extent.X.Stride)) : (0, 0);
            boxes[i] = new Box(x, y, x + width, y + height);
        }
        return boxes;
    }
}
