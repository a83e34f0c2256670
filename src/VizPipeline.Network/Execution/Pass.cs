using TorchSharp;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Execution;

/// <summary>
/// Runs one batch forward to a target node and propagates signals back. The forward pass computes each node on its region (or on the whole
/// map) and keeps what the backward rule needs; <see cref="Reverse"/> then propagates signals down to the input (docs/methods.md, section
/// 2). The results equal those on whole maps, borders included.
/// </summary>
public sealed class Pass(PassGeometry geometry, ReverseRule? rule) : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Dictionary<int, torch.Tensor> _values = [];
    private readonly Dictionary<int, Stage> _stages = [];
    private long _images;

    /// <summary>Nodes whose values <see cref="Observe"/> receives.</summary>
    public IReadOnlyCollection<int> Observed { get; init; } = [];

    /// <summary>Receives each observed node's index and value. The value is valid only during the call.</summary>
    public Action<int, torch.Tensor>? Observe { get; init; }

    /// <summary>
    /// Receives, on the way back, the index of each observed node below the target and the whole signal that has arrived at it. The signal
    /// is valid only during the call.
    /// </summary>
    public Action<int, torch.Tensor>? ObserveSignal { get; init; }

    /// <summary>
    /// True if the images passed to <see cref="Forward"/> are already the samples' regions of the input, one per sample, with zeros outside
    /// the image; false for whole images.
    /// </summary>
    public bool InputIsRegion { get; init; }

    /// <summary>See <see cref="Stage.RescuesDead"/>; affects the gradient only.</summary>
    public bool RescuesDead { get; init; }

    private NetworkRunner Runner => geometry.Runner;

    private RegionPlan Plan => geometry.Plan;

    /// <summary>
    /// Computes the target: [S, C, 1, 1] at each sample's position where the plan has regions, else the whole [N, C, h, w] or [N, C].
    /// </summary>
    /// <param name="images">[N, C, H, W] on the device, preprocessed.</param>
    /// <exception cref="GraphException">The images do not have the network's input shape.</exception>
    public torch.Tensor Forward(torch.Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        CheckInput(images);
        _images = images.shape[0];
        _values[0] = images.alias();
        Show(0, _values[0], Observe);
        for (var i = 0; i < geometry.Order.Count; i++)
        {
            var index = geometry.Order[i];
            if (index != 0)
                Compute(index, i);
        }
        return _values[geometry.Target];
    }

    /// <summary>
    /// Propagates a signal from the target to the input. A target that is computed whole takes one signal per site (or per image if there
    /// are no sites).
    /// </summary>
    /// <param name="signal">[S, C, 1, 1] where the target is a region; else [S, C, h, w] or [S, C].</param>
    /// <returns>The signal at the input: regions [S, C, h, w] where the plan has one there, else [S, C, H, W].</returns>
    public torch.Tensor Reverse(torch.Tensor signal)
    {
        ArgumentNullException.ThrowIfNull(signal);
        if (rule is null)
            throw new InvalidOperationException("a pass without a backward rule cannot propagate signals back");
        SpreadOverSamples();
        var signals = new Dictionary<int, torch.Tensor> { [geometry.Target] = signal };
        for (var i = geometry.Order.Count - 1; i >= 0; i--)
        {
            var index = geometry.Order[i];
            if (index == 0 || !signals.Remove(index, out var arriving))
                continue;
            if (index != geometry.Target)
                Show(index, arriving, ObserveSignal);
            var inputs = geometry.InputsOf(index);
            var leaving = _stages[index].Node.Operator.Reverse(_stages[index], arriving);
            for (var k = 0; k < inputs.Length; k++)
            {
                if (leaving[k] is { } left)
                    Arrive(signals, index, inputs[k], left);
            }
            if (index != geometry.Target)
                arriving.Dispose();
        }
        return signals.TryGetValue(0, out var back) ? back : NothingAt(0, signal);
    }

    /// <inheritdoc/>
    public void Dispose() => _scope.Dispose();

    private void CheckInput(torch.Tensor images)
    {
        var shape = Plan.Graph.InputShape;
        var (height, width) = InputIsRegion && Plan[0] is { } extent ? (extent.Y.Size, extent.X.Size) : (shape.Height, shape.Width);
        if (images.dim() != 4 || images.shape[1] != shape.Channels || images.shape[2] != height || images.shape[3] != width)
        {
            throw new GraphException(
                Plan.Graph.Nodes[0].Name,
                $"the network takes [N, {shape.Channels}, {height}, {width}] but got [{string.Join(", ", images.shape)}]; "
                + "check --preprocess and --input-size");
        }
    }

    private void Compute(int index, int place)
    {
        var node = Plan.Graph.Nodes[index] with { Operator = Runner.OperatorOf(index) };
        var sources = geometry.InputsOf(index);
        var isRegion = Plan[index] is not null;
        var (rows, columns) = isRegion && geometry.Sites is not null ? geometry.Origins(geometry.Needed(index)) : (null, null);
        var inputs = new torch.Tensor[sources.Length];
        var fresh = false;
        for (var k = 0; k < sources.Length; k++)
            (inputs[k], fresh) = isRegion ? Region(index, sources[k]) : (_values[sources[k]], false);
        var stage = new Stage(node, [.. sources.Select(source => Plan.Graph.Nodes[source].Shape)], Runner.Weights, rule)
        {
            IsRegion = isRegion,
            RescuesDead = RescuesDead,
            RowOrigins = rows,
            ColumnOrigins = columns,
            MayOverwrite = fresh || MayOverwrite(sources[0]),
        };
        _stages[index] = stage;
        var output = node.Operator.Forward(stage, inputs);
        // An in-place operation returns its input's own handle, which is about to be released. (Equals would compare values and miss NaN.)
        _values[index] = Array.Exists(inputs, input => ReferenceEquals(input, output)) ? output.alias() : output;
        for (var k = 0; k < sources.Length; k++)
        {
            if (!ReferenceEquals(inputs[k], _values[sources[k]]))
                inputs[k].Dispose();
        }
        Show(index, _values[index], Observe);
        // The end of another branch than the target's, which nothing reads.
        if (geometry.LastUse(index) == 0 && index != geometry.Target)
            _values[index].Dispose();
        foreach (var source in sources.Distinct())
        {
            if (geometry.LastUse(source) == place && source != geometry.Target)
                _values[source].Dispose();
        }
    }

    private void Show(int index, torch.Tensor value, Action<int, torch.Tensor>? observer)
    {
        if (observer is null)
            return;
        foreach (var node in Observed)
        {
            if (Runner.Resolve(node) == index)
                observer(node, value);
        }
    }

    // For example, a convolution's output that only its nonlinearity reads. The input belongs to the caller.
    private bool MayOverwrite(int source) =>
        source != 0 && source != geometry.Target && geometry.Readers(source) == 1 && !Observed.Any(node => Runner.Resolve(node) == source)
        && Runner.OperatorOf(source).AllowsOverwrite;

    /// <summary>
    /// Returns the region of an input that a node needs, filled with the padding value outside the map, and whether it is a fresh copy.
    /// </summary>
    private (torch.Tensor Value, bool Fresh) Region(int index, int source)
    {
        var needed = geometry.Needed(index);
        var value = _values[source];
        var fresh = false;
        if (Plan[source] is { } have && !(source == 0 && !InputIsRegion))
        {
            if (have != needed)
                value = value.narrow(2, needed.Y.Start - have.Y.Start, needed.Y.Size)
                    .narrow(3, needed.X.Start - have.X.Start, needed.X.Size);
        }
        else
        {
            (value, fresh) = (Gather(value, needed), true);
        }
        if (geometry.Outside(index, source) is { } outside)
            (value, fresh) = (value.MaskedFill(outside, Runner.OperatorOf(index).PaddingValue), true);
        return (value, fresh);
    }

    /// <summary>Cuts each sample's region out of whole maps [N, C, H, W], filled with zeros outside them.</summary>
    private torch.Tensor Gather(torch.Tensor maps, Extent extent)
    {
        var (rows, columns) = geometry.Origins(extent);
        var (height, width) = ((int)maps.shape[2], (int)maps.shape[3]);
        var regions = torch.zeros([rows.Length, extent.Y.Size, extent.X.Size, maps.shape[1]], dtype: maps.dtype, device: maps.device)
            .permute(0, 3, 1, 2);
        for (var n = 0; n < rows.Length; n++)
        {
            var (from, at) = Overlap(maps[geometry.Sites!.Image[n]], regions[n], rows[n], columns[n], extent, height, width);
            at?.copy_(from!);
        }
        return regions;
    }

    /// <summary>
    /// Returns the part of a map that a region covers and the part of the region that it fills; nulls if they do not overlap.
    /// </summary>
    private static (torch.Tensor? Map, torch.Tensor? Region) Overlap(
        torch.Tensor map, torch.Tensor region, int row, int column, Extent extent, int height, int width)
    {
        var (y0, y1) = (Math.Max(0, row), Math.Min(height, row + extent.Y.Size));
        var (x0, x1) = (Math.Max(0, column), Math.Min(width, column + extent.X.Size));
        if (y0 >= y1 || x0 >= x1)
            return (null, null);
        return (map.narrow(1, y0, y1 - y0).narrow(2, x0, x1 - x0), region.narrow(1, y0 - row, y1 - y0).narrow(2, x0 - column, x1 - x0));
    }

    /// <summary>
    /// Expands what was remembered per image to one entry per sample: whole maps were computed once per image, but in the backward pass
    /// each sample has its own signal.
    /// </summary>
    private void SpreadOverSamples()
    {
        if (geometry.Sites is not { } sites || sites.IsOnePerImage(_images))
            return;
        using var image = torch.tensor([.. sites.Image.Select(i => (long)i)], dtype: torch.int64).to(Runner.Device);
        foreach (var stage in _stages.Values.Where(stage => !stage.IsRegion))
        {
            if (stage.Memory is { } memory)
                stage.Memory = Spread(memory);
            stage.Operands = [.. stage.Operands.Select(Spread)];
        }

        torch.Tensor Spread(torch.Tensor kept) => kept.shape[0] == _images ? kept.index_select(0, image) : kept;
    }

    // Needed where only gates that are treated as constants connect the target to a node.
    private torch.Tensor NothingAt(int node, torch.Tensor signal)
    {
        var shape = Plan.Graph.Nodes[node].Shape;
        long[] extents = Plan[node] is { } extent
            ? [signal.shape[0], shape.Channels, extent.Y.Size, extent.X.Size] : shape.Batch(signal.shape[0]);
        return torch.zeros(extents, dtype: signal.dtype, device: signal.device);
    }

    private void Arrive(Dictionary<int, torch.Tensor> signals, int index, int source, torch.Tensor signal)
    {
        if (Plan[index] is not null)
        {
            var needed = geometry.Needed(index);
            if (geometry.Outside(index, source) is { } outside)
                signal = signal.MaskedFill(outside, 0);
            if (Plan[source] is not { } have)
                signal = Scatter(signal, needed, Plan.Graph.Nodes[source].Shape);
            else if (have != needed)
                signal = Embed(signal, needed, have);
        }
        signals[source] = signals.TryGetValue(source, out var known) ? known.Plus(signal) : signal;
    }

    private static torch.Tensor Embed(torch.Tensor signal, Extent needed, Extent have)
    {
        var (top, left) = (needed.Y.Start - have.Y.Start, needed.X.Start - have.X.Start);
        return torch.nn.functional.pad(signal, [left, have.X.Size - left - needed.X.Size, top, have.Y.Size - top - needed.Y.Size]);
    }

    private torch.Tensor Scatter(torch.Tensor signal, Extent extent, Shape map)
    {
        var (rows, columns) = geometry.Origins(extent);
        var maps = torch.zeros([rows.Length, map.Height, map.Width, map.Channels], dtype: signal.dtype, device: signal.device)
            .permute(0, 3, 1, 2);
        for (var n = 0; n < rows.Length; n++)
        {
            var (at, from) = Overlap(maps[n], signal[n], rows[n], columns[n], extent, map.Height, map.Width);
            at?.copy_(from!);
        }
        return maps;
    }
}
