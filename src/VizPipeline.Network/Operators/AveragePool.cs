using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using F = TorchSharp.torch.nn.functional;

namespace VizPipeline.Network.Operators;

/// <summary>The mean of each window. The way back is its gradient.</summary>
/// <param name="Window">Kernel, stride, padding.</param>
/// <param name="CountPadding">Whether padded positions count in the divisor (<c>count_include_pad</c>).</param>
public sealed record AveragePool(Window Window, bool CountPadding) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "AveragePool";

    /// <inheritdoc/>
    public override Reach Reach => new Reach.Sliding(Window);

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyMap(node, inputs);
        if (Window.Y.Dilation != 1 || Window.X.Dilation != 1)
            throw new OperatorNotSupportedException(node, "AveragePool", "dilation");
        return Window.Over(input, input.Channels, node);
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        var input = stage.IsRegion ? inputs[0] : PadWhole(stage, inputs[0]);
        var mean = F.avg_pool2d(input, Window.Kernel, Window.Stride);
        return Correction(stage) is { } correction ? mean * correction : mean;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var (samples, channels, height, width) = (stage.SeenShape[0], stage.SeenShape[1], stage.SeenShape[2], stage.SeenShape[3]);
        var corrected = Correction(stage) is { } correction ? signal * correction : signal;
        // All channels share the one kernel, so they ride along as samples of one channel.
        var kernel = stage.Constant($"mean {Window.Y.Kernel}x{Window.X.Kernel}", MeanKernel);
        var single = corrected.reshape(signal.shape[0] * channels, 1, signal.shape[2], signal.shape[3]);
        var spread = F.conv_transpose2d(single, kernel, null, Window.Stride);
        var (padY, padX) = stage.IsRegion ? (0, 0) : (Window.Y.PadBefore, Window.X.PadBefore);
        var (missingY, missingX) = (padY + height - spread.shape[2], padX + width - spread.shape[3]);
        if (missingY > 0 || missingX > 0)
            spread = F.pad(spread, [0, Math.Max(0, missingX), 0, Math.Max(0, missingY)]);
        return [spread.narrow(2, padY, height).narrow(3, padX, width).reshape(signal.shape[0], channels, height, width)];
    }

    private FloatTensor MeanKernel()
    {
        var area = Window.Y.Kernel * Window.X.Kernel;
        return new FloatTensor("mean", [1, 1, Window.Y.Kernel, Window.X.Kernel], [.. Enumerable.Repeat(1f / area, area)]);
    }

    private torch.Tensor PadWhole(Stage stage, torch.Tensor input)
    {
        var (shape, output) = (stage.InputShapes[0], stage.Node.Shape);
        var below = ((output.Height - 1) * Window.Y.Stride) + Window.Y.Kernel - Window.Y.PadBefore - shape.Height;
        var right = ((output.Width - 1) * Window.X.Stride) + Window.X.Kernel - Window.X.PadBefore - shape.Width;
        if (Window.Y.PadBefore == 0 && Window.X.PadBefore == 0 && below <= 0 && right <= 0)
            return input;
        return F.pad(input, [Window.X.PadBefore, Math.Max(0, right), Window.Y.PadBefore, Math.Max(0, below)]);
    }

    /// <summary>Kernel area over the positions that count, [N or 1, 1, h, w]; null where every window lies inside.</summary>
    private torch.Tensor? Correction(Stage stage)
    {
        var (input, output) = (stage.InputShapes[0], stage.Node.Shape);
        if (!Window.Y.ReachesOutside(input.Height) && !Window.X.ReachesOutside(input.Width))
            return null;
        var samples = stage.RowOrigins?.Length ?? 1;
        var (rows, columns) = stage.IsRegion
            ? (((int)stage.SeenShape[2] - Window.Y.Kernel) / Window.Y.Stride + 1, ((int)stage.SeenShape[3] - Window.X.Kernel) / Window.X.Stride + 1)
            : (output.Height, output.Width);
        var factors = new float[samples * rows * columns];
        for (var n = 0; n < samples; n++)
        {
            var (top, left) = stage.IsRegion ? (stage.RowOrigins![n], stage.ColumnOrigins![n]) : (-Window.Y.PadBefore, -Window.X.PadBefore);
            for (var y = 0; y < rows; y++)
            {
                for (var x = 0; x < columns; x++)
                {
                    var counted = Counted(Window.Y, top + (y * Window.Y.Stride), input.Height) * Counted(Window.X, left + (x * Window.X.Stride), input.Width);
                    factors[(((n * rows) + y) * columns) + x] = counted == 0 ? 0 : (float)(Window.Y.Kernel * Window.X.Kernel) / counted;
                }
            }
        }
        return torch.tensor(factors, [samples, 1, rows, columns]).to(stage.Device);
    }

    // Positions of the window starting at `from` that count in the divisor: those inside, and padding where it counts.
    private int Counted(WindowAxis axis, int from, int extent)
    {
        var (low, high) = CountPadding ? (-axis.PadBefore, extent + axis.PadAfter) : (0, extent);
        return Math.Max(0, Math.Min(from + axis.Kernel, high) - Math.Max(from, low));
    }
}
