using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>Constant padding, usually zero; its gradient is discarded.</summary>
/// <param name="Window">A window of one tap whose padding gives the borders.</param>
/// <param name="Value">The constant.</param>
public sealed record ConstantPad(Window Window, float Value = 0) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Pad";

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Reach Reach => new Reach.Sliding(Window);

    /// <inheritdoc/>
    public override float PaddingValue => Value;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyMap(node, inputs);
        return Window.Over(input, input.Channels, node);
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        return stage.IsRegion ? inputs[0].alias() : WindowPadding.Pad(inputs[0], Window, Value);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) =>
        [stage.IsRegion ? signal.alias() : WindowPadding.Unpad(signal, Window, stage.SeenShape[2], stage.SeenShape[3])];
}

/// <summary>
/// Padding that repeats the map's content: mirrored at the outermost row (reflect), or that row itself (edge). Its backward rule adds the
/// border's signal to the positions that were repeated.
/// </summary>
/// <param name="Window">A window of one tap whose padding gives the borders.</param>
/// <param name="IsEdge">True to repeat the outermost row, false to mirror.</param>
public sealed record MirrorPad(Window Window, bool IsEdge) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Pad";

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Reach Reach => Reach.All;

    /// <summary>The field gives a border's position, not what it repeats.</summary>
    public override Reach? FieldOver(IReadOnlyList<Shape> inputs, int input) => new Reach.Sliding(Window);

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyMap(node, inputs);
        if (!IsEdge && (Math.Max(Window.Y.PadBefore, Window.Y.PadAfter) >= input.Height
            || Math.Max(Window.X.PadBefore, Window.X.PadAfter) >= input.Width))
            throw new GraphException(node, $"a map of {input} is too small for this mirrored padding");
        return Window.Over(input, input.Channels, node);
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        return inputs[0].index_select(2, Places(stage, Window.Y, stage.SeenShape[2]))
            .index_select(3, Places(stage, Window.X, stage.SeenShape[3]));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var (height, width) = (stage.SeenShape[2], stage.SeenShape[3]);
        var columns = torch.zeros([signal.shape[0], signal.shape[1], signal.shape[2], width], dtype: signal.dtype, device: signal.device);
        columns.IndexAddInPlace(3, Places(stage, Window.X, width), signal);
        var back = torch.zeros([signal.shape[0], signal.shape[1], height, width], dtype: signal.dtype, device: signal.device);
        return [back.IndexAddInPlace(2, Places(stage, Window.Y, height), columns)];
    }

    private torch.Tensor Places(Stage stage, WindowAxis axis, long extent) => torch.tensor(
        [.. Enumerable.Range(0, (int)extent + axis.PadBefore + axis.PadAfter).Select(i => Place(i - axis.PadBefore, (int)extent))],
            dtype: torch.int64).to(stage.Device);

    private long Place(int at, int extent) =>
        IsEdge ? Math.Clamp(at, 0, extent - 1) : at < 0 ? -at : at >= extent ? (2 * (extent - 1)) - at : at;
}

/// <summary>Evenly spaced rows and columns of a map. Its backward rule sets the others to zero.</summary>
/// <param name="Window">A window of one tap with a stride; negative padding gives what is cut off.</param>
public sealed record Crop(Window Window) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Slice";

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Reach Reach => new Reach.Sliding(Window);

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyMap(node, inputs);
        return Fits(Window.Y, input.Height) && Fits(Window.X, input.Width)
            ? input with { Height = Window.Y.Over(input.Height), Width = Window.X.Over(input.Width) }
            : throw new GraphException(node, $"it crops more than its input of {input} has");

        static bool Fits(WindowAxis axis, int extent) =>
            axis is { Kernel: 1, Dilation: 1, Stride: >= 1, PadBefore: <= 0, PadAfter: <= 0, Ceil: false }
                && (long)extent + axis.PadBefore + axis.PadAfter >= 1;
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        return Part(stage, inputs[0]).alias();
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var back = torch.zeros([signal.shape[0], .. stage.SeenShape[1..]], dtype: signal.dtype, device: signal.device);
        Part(stage, back).copy_(signal);
        return [back];
    }

    private torch.Tensor Part(Stage stage, torch.Tensor maps)
    {
        var (above, below, left, right) = stage.IsRegion
            ? (0, 0, 0, 0) : (-Window.Y.PadBefore, -Window.Y.PadAfter, -Window.X.PadBefore, -Window.X.PadAfter);
        return maps.slice(2, above, maps.shape[2] - below, Window.Y.Stride).slice(3, left, maps.shape[3] - right, Window.X.Stride);
    }
}

/// <summary>Zero channels before and after those of a map, as in ResNets with parameter-free shortcuts.</summary>
public sealed record ChannelPad(int Before, int After) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Pad";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        return Before >= 0 && After >= 0 && (long)input.Channels + Before + After <= int.MaxValue
            ? input with { Channels = input.Channels + Before + After }
            : throw new GraphException(node, $"cannot add {Before} and {After} channels");
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs) =>
        torch.nn.functional.pad(inputs[0], inputs[0].dim() == 4 ? [0, 0, 0, 0, Before, After] : [Before, After]);

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) =>
        [signal.narrow(1, Before, signal.shape[1] - Before - After)];
}

/// <summary>
/// Resizes a map by a product with a matrix along each axis: nearest, linear and cubic resizing. Its backward rule multiplies by the
/// transposed matrices, which is the gradient.
/// </summary>
/// <param name="Rows">[new, old], or null to keep the rows.</param>
/// <param name="Columns">[new, old], or null to keep the columns.</param>
public sealed record Resample(FloatTensor? Rows, FloatTensor? Columns) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Resize";

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <summary>Adjacent output positions can depend on the same input positions, which a stride in whole pixels cannot express.</summary>
    public override Reach Reach => Reach.All;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyMap(node, inputs);
        return input with { Height = Extent(Rows, input.Height), Width = Extent(Columns, input.Width) };

        int Extent(FloatTensor? matrix, int extent) => matrix is null ? extent : matrix.Shape is [>= 1, var from] && from == extent
            ? matrix.Shape[0] : throw new GraphException(node, $"its matrix '{matrix}' does not match an extent of {extent}");
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        var rows = Rows is null ? inputs[0].alias() : stage.Weight(Rows).matmul(inputs[0]);
        return Columns is null ? rows : rows.matmul(stage.Weight(Columns).t());
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var columns = Columns is null ? signal.alias() : signal.matmul(stage.Weight(Columns));
        return [Rows is null ? columns : stage.Weight(Rows).t().matmul(columns)];
    }
}
