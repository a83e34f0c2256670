using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>
/// (sum of |x|^p)^(1/p) of each window; padding counts as zeros. Its backward rule is the gradient under every rule: each value gets its
/// share of the signal, as in average pooling.
/// </summary>
/// <param name="Window">Kernel, stride, padding, dilation.</param>
/// <param name="Power">p, at least 1.</param>
public sealed record LpPool(Window Window, long Power) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "LpPool";

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Reach Reach => new Reach.Sliding(Window);

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyMap(node, inputs);
        return Power >= 1
            ? Window.Over(input, input.Channels, node)
            : throw new GraphException(node, $"p is {Power}; it must be at least 1");
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        var input = stage.IsRegion ? inputs[0] : WindowPadding.PadWhole(stage, inputs[0], Window, 0);
        var norm = WindowSum.Over(stage, Powered(input), Window, 1).ClampMinInPlace(0).Pow(1.0 / Power);
        if (stage.Rule is not null)
            stage.Operands = [inputs[0].alias(), norm.clone()];
        return norm;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var (input, norm) = (stage.Operands[0], stage.Operands[1]);
        var each = Share(signal, norm, Power);
        var spread = WindowSum.Transposed(stage, each, Window, 1);
        return [WindowPadding.UnpadWhole(stage, spread, Window) * Towards(input, Power)];
    }

    private torch.Tensor Powered(torch.Tensor input) => Power == 2 ? input.square() : input.abs().Pow(Power);

    /// <summary>Returns signal / norm^(p-1), and 0 where the norm is 0.</summary>
    internal static torch.Tensor Share(torch.Tensor signal, torch.Tensor norm, long power) =>
        torch.where(norm.Gt(0), signal / norm.Pow(power - 1), torch.zeros_like(signal));

    /// <summary>Returns sign(x) |x|^(p-1).</summary>
    internal static torch.Tensor Towards(torch.Tensor input, long power) =>
        power == 2 ? input : input.sign() * input.abs().Pow(power - 1);
}

/// <summary>(sum of |x|^p)^(1/p) of each channel's whole map. Its backward rule is the gradient, as for <see cref="LpPool"/>.</summary>
/// <param name="Power">p, at least 1.</param>
public sealed record GlobalLpPool(long Power) : GlobalPool(KeepMap: true)
{
    /// <inheritdoc/>
    public override string Kind => "GlobalLpPool";

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        var norm = inputs[0].abs().Pow(Power).sum([2, 3], keepdim: true).Pow(1.0 / Power);
        if (stage.Rule is not null)
            stage.Operands = [inputs[0].alias(), norm.clone()];
        return norm;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) =>
        [LpPool.Share(signal, stage.Operands[1], Power) * LpPool.Towards(stage.Operands[0], Power)];
}

/// <summary>Sums over windows of each channel separately, with dilation, which torch's pools do not support.</summary>
internal static class WindowSum
{
    /// <summary>Returns the sum of each window of padded maps [N, C, H, W], times a factor.</summary>
    public static torch.Tensor Over(Stage stage, torch.Tensor padded, Window window, float factor)
    {
        var (samples, channels) = (padded.shape[0], padded.shape[1]);
        // All channels share one kernel, so they are treated as samples with one channel.
        var sums = torch.nn.functional.conv2d(
            padded.reshape(samples * channels, 1, padded.shape[2], padded.shape[3]),
            Kernel(stage, window, factor), null, window.Stride, [0, 0], window.Dilation);
        return sums.reshape(samples, channels, sums.shape[2], sums.shape[3]);
    }

    /// <summary>Runs the transpose: adds each signal, times the factor, to all positions of its window.</summary>
    public static torch.Tensor Transposed(Stage stage, torch.Tensor signal, Window window, float factor)
    {
        var (samples, channels) = (signal.shape[0], signal.shape[1]);
        var spread = torch.nn.functional.conv_transpose2d(
            signal.reshape(
                samples * channels, 1, signal.shape[2], signal.shape[3]), Kernel(stage, window, factor), null, window.Stride, [0, 0],
                [0, 0], window.Dilation);
        return spread.reshape(samples, channels, spread.shape[2], spread.shape[3]);
    }

    private static torch.Tensor Kernel(Stage stage, Window window, float factor)
    {
        var (rows, columns) = (window.Y.Kernel, window.X.Kernel);
        var key = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{factor:R} in {rows}x{columns}");
        return stage.Constant(key, () => new FloatTensor(key, [1, 1, rows, columns], [.. Enumerable.Repeat(factor, rows * columns)]));
    }
}
