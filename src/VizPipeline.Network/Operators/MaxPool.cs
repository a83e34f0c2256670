using TorchSharp;
using VizPipeline.Network.Graph;
using F = TorchSharp.torch.nn.functional;

namespace VizPipeline.Network.Operators;

/// <summary>
/// The maximum of each window. Its backward rule passes the signal to the position of the maximum (the first in row-major order), the
/// "switch".
/// </summary>
public sealed record MaxPool(Window Window) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "MaxPool";

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Reach Reach => new Reach.Sliding(Window);

    /// <inheritdoc/>
    public override float PaddingValue => float.NegativeInfinity;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyMap(node, inputs);
        if (Window.Y.PadBefore >= Window.Y.Span
            || Window.X.PadBefore >= Window.X.Span || Window.Y.PadAfter >= Window.Y.Span || Window.X.PadAfter >= Window.X.Span)
            throw new GraphException(node, "the padding is as large as the window, so some windows would contain only padding");
        return Window.Over(input, input.Channels, node);
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        var (input, window) = (inputs[0], Window);
        if (stage.IsRegion)
            window = Window.Unpadded;
        else if (!TorchPads)
            (input, window) = (WindowPadding.PadWhole(stage, input, Window, double.NegativeInfinity), Window.Unpadded);
        if (stage.Rule is null)
            return F.max_pool2d(input, window.Kernel, window.Stride, window.Padding, window.Dilation, window.Y.Ceil);
        var (output, switches) = F.max_pool2d_with_indices(
            input, window.Kernel, window.Stride, window.Padding, window.Dilation, window.Y.Ceil);
        stage.Memory = switches;
        return output;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var (height, width) = (stage.SeenShape[2], stage.SeenShape[3]);
        if (stage.IsRegion || TorchPads)
            return [Scatter(signal, stage.Memory!, height, width, Overlap)];
        var (below, right) = WindowPadding.Overhang(stage, Window);
        var padded = Scatter(signal, stage.Memory!, height + Window.Y.PadBefore + below, width + Window.X.PadBefore + right, Overlap);
        return [padded.narrow(2, Window.Y.PadBefore, height).narrow(3, Window.X.PadBefore, width)];
    }

    /// <summary>
    /// Adds each signal at its switch. Windows of 3 with stride 2 overlap, so their signals add up; torch's max_unpool2d would keep only
    /// the last one.
    /// </summary>
    /// <param name="signal">[N, C, h, w].</param>
    /// <param name="switches">[N, C, h, w], row-major indices into height x width.</param>
    /// <param name="height">Rows of the result.</param>
    /// <param name="width">Columns of the result.</param>
    /// <param name="overlap">Maximum number of windows along one axis that share an input position.</param>
    internal static torch.Tensor Scatter(torch.Tensor signal, torch.Tensor switches, long height, long width, int overlap = 1)
    {
        var (samples, channels) = (signal.shape[0], signal.shape[1]);
        // Laid out as [N, h*w, C], the channels-last memory order, so that nothing is copied.
        var flat = torch.zeros([samples, height * width, channels], dtype: signal.dtype, device: signal.device);
        // A GPU adds colliding signals in any order, so sums of three could differ in their last bits from run to run. Windows that do not
        // overlap are therefore processed together, one such group after another.
        var passes = signal.device.type == DeviceType.CPU ? 1 : overlap;
        for (var pass = 0; pass < passes * passes; pass++)
            flat.scatter_add_(1, Flat(Every(switches, pass)), Flat(Every(signal, pass)));
        return flat.view(samples, height, width, channels).permute(0, 3, 1, 2);

        torch.Tensor Every(torch.Tensor maps, int pass) => passes == 1 ? maps
            : maps[torch.TensorIndex.Colon, torch.TensorIndex.Colon, torch.TensorIndex.Slice(pass / passes, null, passes),
                torch.TensorIndex.Slice(pass % passes, null, passes)];

        torch.Tensor Flat(torch.Tensor maps) => maps.permute(0, 2, 3, 1).reshape(samples, -1, channels);
    }

    private int Overlap =>
        Math.Max((Window.Y.Span + Window.Y.Stride - 1) / Window.Y.Stride, (Window.X.Span + Window.X.Stride - 1) / Window.X.Stride);

    // torch supports padding up to half the kernel, equal on both sides, and one ceil_mode for both axes.
    private bool TorchPads =>
        Window.IsSymmetric
            && Window.Y.PadBefore * 2 <= Window.Y.Kernel && Window.X.PadBefore * 2 <= Window.X.Kernel && Window.Y.Ceil == Window.X.Ceil;
}
