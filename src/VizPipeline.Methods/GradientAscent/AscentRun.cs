using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>
/// Gradient ascent for many neurons of a layer at once (docs/methods.md, section 3), on the receptive field's crop if it is smaller than
/// the input. Images of one batch do not influence each other, except the facets of one neuron.
/// </summary>
public sealed class AscentRun
{
    // Number of times that the plain image is evaluated when the steps use transformed images.
    private const int PlainEvaluations = 32;
    private const long GramFloats = 64L << 20;

    private readonly NetworkRunner _runner;
    private readonly AscentRecipe _recipe;
    private readonly PixelScale _pixels;
    private readonly AscentMaterial _material;
    private readonly RegionPlan _plan;
    private readonly LayerObjective _layer;
    private readonly (int Y, int X) _centre;
    private readonly Box _region;
    private readonly (double Field, double Pixel) _shares;

    /// <summary>Prepares an ascent at <paramref name="layer"/> by <paramref name="recipe"/>.</summary>
    /// <param name="runner">The network on its device.</param>
    /// <param name="layer">The neurons' layer.</param>
    /// <param name="recipe">The recipe of the ascent.</param>
    /// <param name="pixels">The conversion of pixels to the network's input.</param>
    /// <param name="material">Other data that the recipe needs; null for none.</param>
    /// <param name="wholeFrom">Share of a map from which it is computed whole; see <see cref="RegionPlan.ForPosition"/>.</param>
    /// <exception cref="AscentMaterialException">The recipe needs something that <paramref name="material"/> lacks.</exception>
    /// <exception cref="RecipeException">The recipe's direction names a channel that the layer does not have.</exception>
    public AscentRun(
        NetworkRunner runner, Layer layer, AscentRecipe recipe, PixelScale pixels, AscentMaterial? material = null, double wholeFrom = 0.75)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(recipe);
        (_runner, _recipe, _pixels, _material) = (runner, recipe, pixels, material ?? new AscentMaterial());
        Check(layer);
        var (graph, shape) = (runner.Graph, layer.Shape);
        _plan = recipe.Objective.ReadsMap
            ? RegionPlan.Whole(graph, layer.PreActivation) : RegionPlan.ForPosition(graph, layer.PreActivation, wholeFrom);
        _centre = (shape.Height / 2, shape.Width / 2);
        var input = graph.InputShape;
        _region = _plan[0] is { } extent
            ? new Box(At(
                extent.X, _centre.X), At(extent.Y, _centre.Y), At(extent.X, _centre.X) + extent.X.Size,
                At(extent.Y, _centre.Y) + extent.Y.Size)
            : new Box(0, 0, input.Width, input.Height);
        Box = _region.Clip(input.Height, input.Width);
        var side = Math.Min(input.Height, input.Width);
        _shares = (layer.Field.IsWhole ? 1 : Math.Min(1, (double)Math.Min(layer.Field.Y.Size, layer.Field.X.Size) / side), 1.0 / side);
        _layer = new LayerObjective(runner, layer, recipe, _plan.IsWhole && !shape.IsVector ? _centre : (0, 0));
        var rows = Deconvolution.PatchSizing.SamplesPerBatch(
            _plan, runner.Device) / (recipe.Facets * Views.PerImage(recipe.Transformations));
        // Gram matrices are as large as the square of the layer's width, whatever the maps' size.
        if (recipe.Diversity is not null)
            rows = (int)Math.Min(
                rows, GramFloats / ((long)shape.Channels * shape.Channels * recipe.Facets * Views.PerImage(recipe.Transformations)));
        SamplesPerBatch = Math.Clamp(rows, 1, runner.Device.type == DeviceType.CPU ? 64 : 256);
    }

    /// <summary>The part of the input that is optimised.</summary>
    public Box Box { get; }

    /// <summary>Returns the corresponding box for the neuron at another position of the map; it may extend beyond the input.</summary>
    public Box BoxAt(int y, int x)
    {
        if (_plan[0] is not { } extent)
            return Box;
        var (down, right) = ((y - _centre.Y) * extent.Y.Stride, (x - _centre.X) * extent.X.Stride);
        return new Box(Box.X0 + right, Box.Y0 + down, Box.X1 + right, Box.Y1 + down);
    }

    /// <summary>Suitable number of neurons for one call of <see cref="Ascend"/>.</summary>
    public int SamplesPerBatch { get; }

    /// <summary>Receives the number of completed steps of <see cref="Ascend"/> after each step; may be null.</summary>
    public IProgress<int>? Progress { get; init; }

    /// <summary>
    /// Receives the number of completed steps and the images as they are then, [rows, C, H, W] in 0-255 and in the network's channel order,
    /// without transformations: at the start of the steps in <see cref="WatchedSteps"/>. Rows that are done are missing. May be null.
    /// </summary>
    public Action<int, float[]>? Watch { get; init; }

    /// <summary>The steps, from 0, before which <see cref="Watch"/> is called.</summary>
    public IReadOnlyCollection<int> WatchedSteps { get; init; } = [];

    /// <summary>Runs the ascent for each of <paramref name="neurons"/> in one batch, which images leave as they are done.</summary>
    /// <param name="neurons">Channels or units; any single number for an objective that does not apply to a single neuron.</param>
    /// <param name="seed">Determines, with the neuron's number, the start image and everything else that is random: a neuron's result is
    /// the same alone and in any batch.</param>
    /// <param name="cancellation">Checked at every step.</param>
    /// <returns>One result per neuron and facet; a neuron's facets are adjacent.</returns>
    public IReadOnlyList<AscentResult> Ascend(IReadOnlyList<int> neurons, int seed, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(neurons);
        using var mode = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var images = _recipe.Parametrization.Begin(Begin(neurons, seed));
        using var state = new AscentProgress(neurons, _recipe, Box, _runner.Device);
        using var picture = PictureValues();
        var places = new Geometries(this);
        try
        {
            for (var step = 0; step < _recipe.Steps && state.Rows > 0; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                using var inner = torch.NewDisposeScope();
                Step(state, images, places, picture, seed, step);
                Progress?.Report(step + 1);
            }
            using var last = torch.NewDisposeScope();
            if (state.Rows > 0)
                Finish(state, images, places, picture);
        }
        finally
        {
            places.Dispose();
        }
        return state.Results(_pixels.Mean);
    }

    private void Step(AscentProgress state, AscentImages images, Geometries places, torch.Tensor? picture, int seed, int step)
    {
        var plain = images.Render();
        if (Watch is not null && WatchedSteps.Contains(step))
            Watch(step, PixelsOf(plain));
        var isViewed = _recipe.Transformations.Count > 0 && step < _recipe.Steps - _recipe.PlainSteps;
        var views = isViewed
            ? Views.Draw(_recipe.Transformations, Generators(state, seed), step, seed, SizeOf(plain), Grey(), state.PressedRows()) : null;
        var perImage = isViewed ? Views.PerImage(_recipe.Transformations) : 1;
        using var pass = new Pass(
            places.For(state.Rows * perImage), ReverseRule.Gradient)
        { InputIsRegion = true, RescuesDead = step < _recipe.RescueSteps };
        var values = pass.Forward(ToInput(views?.Apply(plain) ?? plain));
        var evaluation = _layer.EvaluateWithGradient(values, state.Neurons(perImage), state.Pressed(perImage), perImage, picture);
        if (views is null)
            state.Record(step, plain, evaluation.Objective, evaluation.Activation);
        else
            state.Note(evaluation.Objective);
        if (isViewed && step % Math.Max(1, _recipe.Steps / PlainEvaluations) == 0)
            EvaluatePlain(state, places, picture, plain, step);

        var gradient = FromInput(pass.Reverse(evaluation.Seeds));
        if (views is not null)
            gradient = views.Back(gradient).DividedBy(perImage);
        state.Stop(step, gradient.flatten(1).Ne(0).any(1).logical_not(), isViewed);
        images.Step(gradient, step, step == _recipe.Steps - 1);
        if (state.Compact(images.Weights) is { } rows)
            images.Keep(rows.to(_runner.Device));
    }

    private float[] PixelsOf(torch.Tensor plain)
    {
        using var pixels = plain.Plus(PerChannel(_pixels.Mean)).contiguous().cpu();
        return MemoryMarshal.Cast<byte, float>(pixels.bytes).ToArray();
    }

    // If plain images are evaluated rarely, the image after the last step has not been evaluated yet.
    private void Finish(AscentProgress state, AscentImages images, Geometries places, torch.Tensor? picture)
    {
        if (_recipe.Transformations.Count > 0)
            EvaluatePlain(state, places, picture, images.Render(), _recipe.Steps);
        state.Close(images.Weights);
    }

    private void EvaluatePlain(AscentProgress state, Geometries places, torch.Tensor? picture, torch.Tensor plain, int step)
    {
        using var pass = new Pass(places.For(state.Rows), null) { InputIsRegion = true };
        var (objective, activation) = _layer.Evaluate(pass.Forward(ToInput(plain)), state.Neurons(1), picture);
        state.Record(step, plain, objective, activation, note: false);
    }

    private AscentBatch Begin(IReadOnlyList<int> neurons, int seed)
    {
        var rows = neurons.SelectMany(neuron => Enumerable.Range(0, _recipe.Facets).Select(facet => (Neuron: neuron, Facet: facet)))
            .ToArray();
        var shape = (_pixels.Mean.Length, Box.Height, Box.Width);
        return new AscentBatch(
            _recipe, _pixels, shape, [.. rows.Select(row => Generator(seed, row.Neuron, row.Facet))],
            [.. rows.Select(row => StartOf(row.Neuron))], _material.Spectrum, _runner.Device)
        { Shares = _shares };
    }

    private static SplitMix Generator(int seed, int neuron, int facet) =>
        facet == 0 ? new SplitMix(seed, neuron) : new SplitMix(seed, neuron).At(-facet);

    private static SplitMix[] Generators(AscentProgress state, int seed) =>
        [.. state.Active.Select(row => Generator(seed, row.Neuron, row.Facet))];

    private float[]? StartOf(int neuron) => _recipe.Start switch
    {
        TopPatchesStart => _material.TopPatches!(neuron),
        PictureStart => CropOf(_material.Picture!),
        _ => null,
    };

    private float[] CropOf(float[] planes)
    {
        var (channels, input) = (_pixels.Mean.Length, _runner.Graph.InputShape);
        var crop = new float[channels * Box.Height * Box.Width];
        for (var row = 0; row < channels * Box.Height; row++)
        {
            var from = (((row / Box.Height * input.Height) + Box.Y0 + (row % Box.Height)) * input.Width) + Box.X0;
            planes.AsSpan(from, Box.Width).CopyTo(crop.AsSpan(row * Box.Width));
        }
        return crop;
    }

    private torch.Tensor? PictureValues()
    {
        if (!_recipe.Objective.NeedsPicture)
            return null;
        using var scope = torch.NewDisposeScope();
        var input = _runner.Graph.InputShape;
        var planes = torch.tensor(_material.Picture!, [1, input.Channels, input.Height, input.Width])
            .to(_runner.Device) - PerChannel(_pixels.Mean);
        using var geometry = new PassGeometry(_runner, _plan);
        using var pass = new Pass(geometry, null);
        return _layer.After(pass.Forward(ToInput(planes))).clone().DetachFromDisposeScope();
    }

    private void Check(Layer layer)
    {
        if (_recipe.Start is TopPatchesStart && _material.TopPatches is null)
        {
            throw new AscentMaterialException(
                $"recipe '{_recipe.Name}' starts from top-9 patches, but there are none: it needs an atlas with top9");
        }
        if ((_recipe.Start is PictureStart || _recipe.Objective.NeedsPicture) && _material.Picture is null)
            throw new AscentMaterialException($"recipe '{_recipe.Name}' needs a picture: give one with --image");
        var input = _runner.Graph.InputShape;
        if (_material.Picture is { } picture && picture.Length != input.Count)
            throw new AscentMaterialException($"the picture has {picture.Length} values but the network's input has {input.Count}");
        if (_recipe.Objective is DirectionObjective direction && direction.Weights.Keys.Max() is var highest && highest >= layer.Neurons)
        {
            throw new RecipeException(
                $"the direction names channel {highest}, but layer '{layer.Name}' has channels 0 to {layer.Neurons - 1}");
        }
    }

    private (int Channels, int Height, int Width) SizeOf(torch.Tensor images) => ((int)images.shape[1], Box.Height, Box.Width);

    private torch.Tensor Grey() => PerChannel([.. _pixels.Mean.Select(mean => 127.5f - mean)]);

    // Regions contain zeros (in the network's input units) where they extend beyond the image.
    private torch.Tensor ToInput(torch.Tensor images)
    {
        var input = ((images.Plus(PerChannel(_pixels.Mean))) * PerChannel(_pixels.Scale)).Plus(PerChannel(_pixels.Shift));
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

    private static int At(ExtentAxis axis, int position) => axis.Start + (position * axis.Stride);

    /// <summary>Caches the regions' geometry by batch size.</summary>
    private sealed class Geometries(AscentRun run) : IDisposable
    {
        private readonly Dictionary<int, PassGeometry> _bySamples = [];

        public PassGeometry For(int samples)
        {
            if (!_bySamples.TryGetValue(samples, out var geometry))
                _bySamples[samples] = geometry = new PassGeometry(
                    run._runner, run._plan, run._plan.IsWhole ? null : Sites.Same(samples, run._centre.Y, run._centre.X));
            return geometry;
        }

        public void Dispose()
        {
            foreach (var geometry in _bySamples.Values)
                geometry.Dispose();
        }
    }
}
