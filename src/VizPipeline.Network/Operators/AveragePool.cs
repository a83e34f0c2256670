using TorchSharp;
using VizPipeline.Network.Graph;
using F = TorchSharp.torch.nn.functional;

namespace VizPipeline.Network.Operators;

/// <summary>The mean of each window. Its backward rule is the gradient.</summary>
/// <param name="Window">Kernel, stride, padding.</param>
/// <param name="CountPadding">Whether padded positions count in the divisor (<c>count_include_pad</c>).</param>
public sealed record AveragePool(Window Window, bool CountPadding) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "AveragePool";

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Reach Reach => new Reach.Sliding(Window);

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
        var input = stage.IsRegion ? inputs[0] : WindowPadding.PadWhole(stage, inputs[0], Window, 0);
        var mean = Window.Y.Dilation == 1
            && Window.X.Dilation == 1 ? F.avg_pool2d(input, Window.Kernel, Window.Stride) : WindowSum.Over(stage, input, Window, 1f / Area);
        return Correction(stage) is { } correction ? mean * correction : mean;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var corrected = Correction(stage) is { } correction ? signal * correction : signal;
        return [WindowPadding.UnpadWhole(stage, WindowSum.Transposed(stage, corrected, Window, 1f / Area), Window)];
    }

    private int Area => Window.Y.Kernel * Window.X.Kernel;

    /// <summary>
    /// Kernel area divided by the number of positions that count, [N or 1, 1, h, w]; null if every window lies inside the map.
    /// </summary>
    private torch.Tensor? Correction(Stage stage)
    {
        var (input, output) = (stage.InputShapes[0], stage.Node.Shape);
        if (!Window.Y.ReachesOutside(input.Height) && !Window.X.ReachesOutside(input.Width))
            return null;
        var samples = stage.RowOrigins?.Length ?? 1;
        var (rows, columns) = stage.IsRegion
            ? (((int)stage.SeenShape[2] - Window.Y.Span) / Window.Y.Stride + 1,
                ((int)stage.SeenShape[3] - Window.X.Span) / Window.X.Stride + 1)
            : (output.Height, output.Width);
        var factors = new float[samples * rows * columns];
        for (var n = 0; n < samples; n++)
        {
            var (top, left) = stage.IsRegion ? (stage.RowOrigins![n], stage.ColumnOrigins![n]) : (-Window.Y.PadBefore, -Window.X.PadBefore);
            for (var y = 0; y < rows; y++)
            {
                for (var x = 0; x < columns; x++)
                {
                    var counted = Counted(
                        Window.Y, top + (y * Window.Y.Stride), input.Height) * Counted(Window.X, left + (x * Window.X.Stride), input.Width);
                    factors[(((n * rows) + y) * columns) + x] = counted == 0 ? 0 : (float)Area / counted;
                }
            }
        }
        return torch.tensor(factors, [samples, 1, rows, columns]).to(stage.Device);
    }

    // Number of positions that count in the divisor for the window starting at `from`: those inside, and padding if it counts.
    private int Counted(WindowAxis axis, int from, int extent)
    {
        var (low, high) = CountPadding ? (-axis.PadBefore, extent + axis.PadAfter) : (0, extent);
        if (axis.Dilation == 1)
            return Math.Max(0, Math.Min(from + axis.Kernel, high) - Math.Max(from, low));
        return Enumerable.Range(0, axis.Kernel).Count(tap => from + (tap * axis.Dilation) >= low && from + (tap * axis.Dilation) < high);
    }
}
