using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Methods.Deconvolution;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Methods.Facets;

/// <summary>
/// Computes what each input channel of a layer's convolution or linear operator contributes to neurons at positions of their maps
/// (docs/methods.md, section 7): the sum of weight times input over the window. Contributions and bias add up to the operator's value, with
/// a batch normalisation that is folded into it.
/// </summary>
public sealed class Contributions
{
    private readonly NetworkRunner _runner;
    private readonly Operator _operator;
    private readonly int _input;
    private readonly int _units;
    private readonly RegionPlan _plan;

    /// <summary>Prepares the contributions to the neurons of a layer.</summary>
    /// <param name="runner">The network on its device.</param>
    /// <param name="layer">A layer for which <see cref="Exist"/>.</param>
    /// <param name="byRegion">
    /// Whether each sample is computed on the region that its position sees; otherwise whole images are, which many samples share.
    /// </param>
    /// <exception cref="ArgumentException">The layer has no operator with weights of its own.</exception>
    public Contributions(NetworkRunner runner, Layer layer, bool byRegion)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(layer);
        if (!Exist(runner.Graph, layer))
            throw new ArgumentException($"layer '{layer.Name}' has no convolution or linear operator of its own", nameof(layer));
        var (graph, weighted) = (runner.Graph, layer.WeightedNode!.Value);
        (_runner, _operator, _input) = (runner, runner.OperatorOf(weighted), graph.Nodes[weighted].Inputs[0]);
        // An identity, such as a normalisation that is folded away, holds no value of its own.
        while (runner.OperatorOf(_input) is Identity)
            _input = graph.Nodes[_input].Inputs[0];
        _units = _operator is Linear ? UnitsPerChannel(graph, _input) : 1;
        _plan = byRegion ? RegionPlan.ForPosition(graph, weighted) : RegionPlan.Whole(graph, _input);
        // Where the input is whole anyway, all samples of an image share it.
        if (_input == 0 || _plan[_input] is null)
            _plan = RegionPlan.Whole(graph, _input);
        ItemsPerBatch = PatchSizing.SamplesPerBatch(_plan, runner.Device);
    }

    /// <summary>Suitable number of images for one call of <see cref="Compute"/>, or of samples if <see cref="IsByRegion"/>.</summary>
    public int ItemsPerBatch { get; }

    /// <summary>Whether each sample is computed on its own region; otherwise the samples of an image share a pass.</summary>
    public bool IsByRegion => !_plan.IsWhole;

    /// <summary>Returns whether a layer has contributions: its neurons are computed by a convolution or linear operator.</summary>
    public static bool Exist(NetworkGraph graph, Layer layer)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(layer);
        return layer.WeightedNode is { } node && graph.Nodes[node].Operator is Convolution or Linear;
    }

    /// <summary>Computes the contributions to some neurons.</summary>
    /// <param name="images">[N, C, H, W] on the runner's device, preprocessed.</param>
    /// <param name="sites">Image and position of each sample in the layer's map.</param>
    /// <param name="neurons">Channel or unit of each sample.</param>
    /// <returns>
    /// Per sample one value for each input channel that the neuron reads: those of its group, for a grouped convolution. The units that a
    /// channel of a flattened map has in front of a linear operator are one channel.
    /// </returns>
    public IReadOnlyList<float[]> Compute(torch.Tensor images, Sites sites, IReadOnlyList<int> neurons)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(sites);
        ArgumentNullException.ThrowIfNull(neurons);
        var found = new float[sites.Count][];
        using var mode = torch.inference_mode();
        using var scope = torch.NewDisposeScope();
        if (_plan.IsWhole)
        {
            _runner.Forward(images, [_input], Read);
            return found;
        }
        using var geometry = new PassGeometry(_runner, _plan, sites);
        using var pass = new Pass(geometry, null) { Observed = [_input], Observe = Read };
        pass.Forward(images);
        return found;

        void Read(int node, torch.Tensor value)
        {
            var values = MemoryMarshal.Cast<byte, float>(value.contiguous().cpu().bytes).ToArray();
            var (height, width) = value.dim() == 4 ? ((int)value.shape[2], (int)value.shape[3]) : (1, 1);
            var extent = _plan[_input];
            var each = values.Length / (int)value.shape[0];
            Parallel.For(0, sites.Count, i =>
            {
                var maps = values.AsSpan((extent is null ? sites.Image[i] : i) * each, each);
                var corner = extent is null ? (0, 0)
                    : (extent.Y.Start + (sites.Y[i] * extent.Y.Stride), extent.X.Start + (sites.X[i] * extent.X.Stride));
                found[i] = _operator is Convolution convolution
                    ? Of(convolution, neurons[i], maps, (height, width), corner, (sites.Y[i], sites.X[i]))
                    : Of((Linear)_operator, neurons[i], maps);
            });
        }
    }

    // maps [C, height, width], whose first value is at a corner of the operator's input.
    private float[] Of(
        Convolution convolution, int neuron, ReadOnlySpan<float> maps, (int Height, int Width) size, (int Y, int X) corner,
        (int Y, int X) place)
    {
        var (weights, shape, input) = (convolution.Weight.Values, convolution.Weight.Shape, _runner.Graph.Nodes[_input].Shape);
        var (channels, first) = (shape[1], neuron / (convolution.Outputs / convolution.Groups) * shape[1]);
        var (down, across) = (convolution.Window.Y, convolution.Window.X);
        var (top, left) = ((place.Y * down.Stride) - down.PadBefore, (place.X * across.Stride) - across.PadBefore);
        var sums = new float[channels];
        for (var c = 0; c < channels; c++)
        {
            var (sum, at) = (0.0, (neuron * channels + c) * shape[2] * shape[3]);
            for (var ky = 0; ky < shape[2]; ky++)
            {
                var y = top + (ky * down.Dilation);
                for (var kx = 0; kx < shape[3]; kx++, at++)
                {
                    var x = left + (kx * across.Dilation);
                    // What is padded is 0.
                    if ((uint)y < (uint)input.Height && (uint)x < (uint)input.Width)
                        sum += (double)weights[at] * maps[((((first + c) * size.Height) + y - corner.Y) * size.Width) + x - corner.X];
                }
            }
            sums[c] = (float)sum;
        }
        return sums;
    }

    private float[] Of(Linear linear, int neuron, ReadOnlySpan<float> values)
    {
        var weights = linear.Weight.Values.AsSpan(neuron * values.Length, values.Length);
        var sums = new float[values.Length / _units];
        for (var c = 0; c < sums.Length; c++)
        {
            var sum = 0.0;
            for (var i = c * _units; i < (c + 1) * _units; i++)
                sum += (double)weights[i] * values[i];
            sums[c] = (float)sum;
        }
        return sums;
    }

    // How many adjacent units of a vector are one channel of the map that was flattened to it.
    private static int UnitsPerChannel(NetworkGraph graph, int node)
    {
        while (graph.Nodes[node] is { Shape.IsVector: true, Inputs: [var before] } at)
        {
            if (at.Operator is Flatten)
                return graph.Nodes[before].Shape is { IsVector: false } map ? map.Height * map.Width : 1;
            // Whatever works on single values, such as a nonlinearity, leaves them in their places.
            if (at.Operator is ChannelGather || at.Operator.Reach is not Reach.Pointwise || graph.Nodes[before].Shape != at.Shape)
                return 1;
            node = before;
        }
        return 1;
    }
}
