using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>
/// Regularized gradient ascent for many neurons of a layer at once (METHODS 3), on the receptive field's crop where that is smaller than
/// the input. Images of one batch do not influence each other.
/// </summary>
public sealed class AscentRun
{
    private readonly NetworkRunner _runner;
    private readonly Layer _layer;
    private readonly AscentRecipe _recipe;
    private readonly PixelScale _pixels;
    private readonly RegionPlan _plan;
    private readonly (int Y, int X) _centre;
    private readonly Box _region;

    /// <summary>An ascent at <paramref name="layer"/> by <paramref name="recipe"/>.</summary>
    /// <param name="runner">The network on its device.</param>
    /// <param name="layer">The neurons' layer.</param>
    /// <param name="recipe">How to climb.</param>
    /// <param name="pixels">How pixels become the network's input.</param>
    public AscentRun(NetworkRunner runner, Layer layer, AscentRecipe recipe, PixelScale pixels)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(layer);
        (_runner, _layer, _recipe, _pixels) = (runner, layer, recipe, pixels);
        var (graph, shape) = (runner.Graph, layer.Shape);
        _plan = recipe.Objective == AscentObjective.Channel ? RegionPlan.Whole(graph, layer.PreActivation) : RegionPlan.ForPosition(graph, layer.PreActivation);
        _centre = (shape.Height / 2, shape.Width / 2);
        var input = graph.InputShape;
        _region = _plan[0] is { } extent
            ? new Box(At(extent.X, _centre.X), At(extent.Y, _centre.Y), At(extent.X, _centre.X) + extent.X.Size, At(extent.Y, _centre.Y) + extent.Y.Size)
            : new Box(0, 0, input.Width, input.Height);
        Box = _region.Clip(input.Height, input.Width);
        SamplesPerBatch = Math.Min(64, Deconvolution.PatchSizing.SamplesPerBatch(_plan));
    }

    /// <summary>The part of the input that is optimised.</summary>
    public Box Box { get; }

    /// <summary>A good number of neurons for one call of <see cref="Climb"/>.</summary>
    public int SamplesPerBatch { get; }

    /// <summary>Hears after every step how many of them <see cref="Climb"/> has done; null for nobody.</summary>
    public IProgress<int>? Progress { get; init; }

    /// <summary>Climbs for each of <paramref name="neurons"/>, all in one batch.</summary>
    /// <param name="neurons">Channels or units.</param>
    /// <param name="seed">Decides the start image of each neuron, together with the neuron's number: the same alone and in any batch.</param>
    /// <param name="cancellation">Checked at every step.</param>
    public IReadOnlyList<AscentResult> Climb(IReadOnlyList<int> neurons, int seed, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(neurons);
        using var mode = torch.inference_mode();
        using var scope = torch.NewDisposeScope();
        using var geometry = new PassGeometry(_runner, _plan, _plan.IsWhole ? null : Sites.Same(neurons.Count, _centre.Y, _centre.X));
        using var climb = new State(Start(neurons, seed), neurons, _recipe.Steps);
        for (var step = 0; step < _recipe.Steps && climb.AnyRunning; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var inner = torch.NewDisposeScope();
            Step(climb, geometry, step);
            Progress?.Report(step + 1);
        }
        return climb.Results(_recipe, Box, _pixels.Mean);
    }

    private void Step(State climb, PassGeometry geometry, int step)
    {
        var mean = PerChannel(_pixels.Mean);
        var images = (climb.Images + mean).clamp(0, 255) - mean;
        using var pass = new Pass(geometry, ReverseRule.Gradient) { InputIsRegion = true };
        var values = pass.Forward(ToInput(images));
        var (objective, activation, seeds) = Evaluate(values, climb.NeuronIndex);
        climb.Record(step, images, objective, activation);

        var gradient = FromInput(pass.Reverse(seeds));
        var squaredNorms = gradient.square().sum([1, 2, 3]);
        climb.Stop(squaredNorms.eq(0));
        var rates = _recipe.Rule.Rates(squaredNorms, Box.Width * Box.Height * images.shape[1]).reshape(-1, 1, 1, 1);
        var next = images + (rates * gradient);
        if (step < _recipe.Steps - 1)
        {
            foreach (var regularizer in _recipe.Regularizers)
                next = regularizer.Apply(next, gradient, step);
        }
        climb.Move(next);
    }

    /// <summary>Objective [N], activation [N] and the objective's gradient at the pre-activation, in its shape.</summary>
    private (torch.Tensor Objective, torch.Tensor Activation, torch.Tensor Seeds) Evaluate(torch.Tensor values, torch.Tensor neurons)
    {
        var index = values.dim() == 4 ? neurons.reshape(-1, 1, 1, 1).expand(-1, 1, values.shape[2], values.shape[3]) : neurons.reshape(-1, 1);
        if (_recipe.Objective == AscentObjective.Neuron && _plan.IsWhole && values.dim() == 4)
            return EvaluateCentre(values, index);
        var before = values.gather(1, index);
        var (after, slope) = Activate(before);
        var flat = before.reshape(before.shape[0], -1);
        var objective = torch.where(slope.reshape(flat.shape).eq(0).all(1), flat.mean([1]), after.reshape(flat.shape).mean([1]));
        var activation = after.reshape(flat.shape).amax([1]);
        var seed = WhereDeadThenBefore(slope, flat.shape[1]);
        return (objective, activation, torch.zeros_like(values).scatter_(1, index, seed));
    }

    private (torch.Tensor Objective, torch.Tensor Activation, torch.Tensor Seeds) EvaluateCentre(torch.Tensor values, torch.Tensor index)
    {
        var centre = values.narrow(2, _centre.Y, 1).narrow(3, _centre.X, 1);
        var at = index.narrow(2, 0, 1).narrow(3, 0, 1);
        var before = centre.gather(1, at);
        var (after, slope) = Activate(before);
        var objective = torch.where(slope.eq(0), before, after).reshape(-1);
        var seeds = torch.zeros_like(values);
        seeds.narrow(2, _centre.Y, 1).narrow(3, _centre.X, 1).scatter_(1, at, WhereDeadThenBefore(slope, 1));
        return (objective, after.reshape(-1), seeds);
    }

    private (torch.Tensor After, torch.Tensor Slope) Activate(torch.Tensor before)
    {
        if (_layer.Node == _layer.PreActivation || _runner.OperatorOf(_layer.Node) is not Nonlinearity nonlinearity)
            return (before, torch.ones_like(before));
        var after = nonlinearity.Of(before);
        return (after, nonlinearity.Slope(before, after).to(before.dtype));
    }

    // Where the nonlinearity lets no gradient through anywhere, the value before it is climbed instead.
    private static torch.Tensor WhereDeadThenBefore(torch.Tensor slope, long positions)
    {
        var dead = slope.reshape(slope.shape[0], -1).eq(0).all(1).reshape([-1, .. Enumerable.Repeat(1L, (int)slope.dim() - 1)]);
        return torch.where(dead, torch.ones_like(slope), slope) / positions;
    }

    // Regions hold zeros (of the network's input) where they reach over the border of the image.
    private torch.Tensor ToInput(torch.Tensor images)
    {
        var input = ((images + PerChannel(_pixels.Mean)) * PerChannel(_pixels.Scale)) + PerChannel(_pixels.Shift);
        if (_region != Box)
            input = torch.nn.functional.pad(input, [Box.X0 - _region.X0, _region.X1 - Box.X1, Box.Y0 - _region.Y0, _region.Y1 - Box.Y1]);
        return input.ChannelsLast();
    }

    private torch.Tensor FromInput(torch.Tensor gradient)
    {
        if (_region != Box)
            gradient = gradient.narrow(2, Box.Y0 - _region.Y0, Box.Height).narrow(3, Box.X0 - _region.X0, Box.Width);
        return gradient * PerChannel(_pixels.Scale);
    }

    private torch.Tensor PerChannel(float[] values) => torch.tensor(values, [1, values.Length, 1, 1]).to(_runner.Device);

    private torch.Tensor Start(IReadOnlyList<int> neurons, int seed)
    {
        var each = _pixels.Mean.Length * Box.Width * Box.Height;
        var noise = new float[neurons.Count * each];
        for (var i = 0; i < neurons.Count; i++)
            GaussianNoise.Fill(noise.AsSpan(i * each, each), seed, neurons[i], _recipe.StartDeviation);
        return torch.tensor(noise, [neurons.Count, _pixels.Mean.Length, Box.Height, Box.Width]).to(_runner.Device).ChannelsLast();
    }

    private static int At(ExtentAxis axis, int position) => axis.Start + (position * axis.Stride);

    /// <summary>Where every image of the batch stands.</summary>
    private sealed class State(torch.Tensor start, IReadOnlyList<int> neurons, int steps) : IDisposable
    {
        private readonly List<float[]> _curve = new(steps);
        private readonly bool[] _dead = new bool[neurons.Count];
        private readonly int[] _stoppedAt = [.. Enumerable.Repeat(int.MaxValue, neurons.Count)];
        private readonly float[] _best = [.. Enumerable.Repeat(float.NegativeInfinity, neurons.Count)];
        private readonly float[] _activation = new float[neurons.Count];
        private readonly int[] _bestStep = new int[neurons.Count];
        private readonly torch.Tensor _bestImages = start.clone();

        /// <summary>[N, C, H, W], mean-subtracted.</summary>
        public torch.Tensor Images { get; private set; } = start.alias().DetachFromDisposeScope();

        public torch.Tensor NeuronIndex { get; } = torch.tensor([.. neurons.Select(neuron => (long)neuron)], dtype: torch.int64).to(start.device);

        public bool AnyRunning => Array.Exists(_dead, dead => !dead);

        public void Record(int step, torch.Tensor images, torch.Tensor objective, torch.Tensor activation)
        {
            var (values, activations) = (ToArray(objective), ToArray(activation));
            _curve.Add(values);
            for (var i = 0; i < values.Length; i++)
            {
                if (_dead[i] || !(values[i] > _best[i]))
                    continue;
                (_best[i], _activation[i], _bestStep[i]) = (values[i], activations[i], step);
                _bestImages[i].copy_(images[i]);
            }
        }

        public void Stop(torch.Tensor vanished)
        {
            using var flags = vanished.cpu();
            var stopped = flags.data<bool>();
            for (var i = 0; i < _dead.Length; i++)
            {
                if (!stopped[i] || _dead[i])
                    continue;
                _dead[i] = true;
                _stoppedAt[i] = _curve.Count;
            }
        }

        public void Move(torch.Tensor next)
        {
            Images.Dispose();
            // An image without a gradient has no rate either (0 / 0); it no longer counts.
            Images = next.nan_to_num().DetachFromDisposeScope();
        }

        public void Dispose() => Images.Dispose();

        public AscentResult[] Results(AscentRecipe recipe, Box box, float[] mean)
        {
            using var pixels = (_bestImages + torch.tensor(mean, [1, mean.Length, 1, 1]).to(_bestImages.device)).contiguous().cpu();
            var values = MemoryMarshal.Cast<byte, float>(pixels.bytes);
            var (results, each) = (new AscentResult[neurons.Count], mean.Length * box.Width * box.Height);
            for (var i = 0; i < results.Length; i++)
            {
                var curve = _curve.Take(_stoppedAt[i]).Select(row => row[i]).ToArray();
                var status = _dead[i] ? AscentStatus.Dead : _bestStep[i] >= recipe.Steps * 9 / 10 ? AscentStatus.Converged : AscentStatus.BestAtStep;
                results[i] = new AscentResult(
                    neurons[i], status, _bestStep[i], _best[i], _activation[i], curve, values.Slice(i * each, each).ToArray(), box.Height, box.Width, box);
            }
            return results;
        }

        private static float[] ToArray(torch.Tensor values)
        {
            using var flat = values.contiguous().cpu();
            return MemoryMarshal.Cast<byte, float>(flat.bytes).ToArray();
        }
    }
}
