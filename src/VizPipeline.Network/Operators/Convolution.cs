using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using F = TorchSharp.torch.nn.functional;

namespace VizPipeline.Network.Operators;

/// <summary>
/// A convolution. Its backward rule is the transposed convolution with the same weights, without the bias (docs/methods.md, section 2).
/// </summary>
/// <param name="Weight">[O, I / Groups, kH, kW].</param>
/// <param name="Bias">[O], or null.</param>
/// <param name="Window">Kernel, stride, padding, dilation.</param>
/// <param name="Groups">Number of channel groups that are convolved independently.</param>
public sealed record Convolution(FloatTensor Weight, FloatTensor? Bias, Window Window, int Groups = 1) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Conv";

    /// <inheritdoc/>
    public override LayerKind? LayerKind => Graph.LayerKind.Conv;

    /// <inheritdoc/>
    public override FloatTensor? MainWeight => Weight;

    /// <inheritdoc/>
    public override bool HasFilters => true;

    /// <inheritdoc/>
    public override bool AllowsOverwrite => true;

    /// <inheritdoc/>
    public override Reach Reach => new Reach.Sliding(Window);

    /// <inheritdoc/>
    public override long Parameters => Weight.Count + (Bias?.Count ?? 0);

    /// <summary>Number of output channels.</summary>
    public int Outputs => Weight.Shape[0];

    /// <inheritdoc/>
    public override long MultiplyAdds(Shape output) => output.Count * Weight.Shape[1] * Weight.Shape[2] * Weight.Shape[3];

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyMap(node, inputs);
        if (Weight.Shape.Length != 4)
        {
            throw new GraphException(
                node,
                $"the weight '{Weight.Name}' has {Weight.Shape.Length} dimensions; "
                + "a 2-D convolution needs 4 (output, input, height, width)");
        }
        if (Groups < 1 || Outputs < 1 || Outputs % Groups != 0)
            throw new GraphException(node, $"{Outputs} output channels do not divide into {Groups} groups");
        if ((long)Weight.Shape[1] * Groups != input.Channels)
        {
            throw new GraphException(
                node, $"the weight '{Weight.Name}' is for {(long)Weight.Shape[1] * Groups} input channels but gets {input.Channels}");
        }
        if (Weight.Shape[2] != Window.Y.Kernel || Weight.Shape[3] != Window.X.Kernel)
        {
            throw new GraphException(
                node,
                $"kernel_shape {Window.Y.Kernel}x{Window.X.Kernel} differs from the weight's {Weight.Shape[2]}x{Weight.Shape[3]}");
        }
        if (Bias is { } bias && (bias.Shape.Length != 1 || bias.Shape[0] != Outputs))
        {
            throw new GraphException(
                node, $"the bias '{bias.Name}' has shape [{string.Join(", ", bias.Shape)}] for {Outputs} output channels");
        }
        return Window.Over(input, Outputs, node);
    }

    /// <inheritdoc/>
    public override Operator? WithBias(FloatTensor bias) => Bias is null ? this with { Bias = bias } : null;

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        var bias = Bias is null ? null : stage.Weight(Bias);
        var padded = PadsItself(stage);
        var input = padded ? WindowPadding.Pad(inputs[0], Window, 0) : inputs[0];
        var padding = padded || stage.IsRegion ? [0, 0] : Window.Padding;
        return F.conv2d(input, stage.Weight(Weight), bias, Window.Stride, padding, Window.Dilation, Groups);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var (height, width) = (stage.SeenShape[2], stage.SeenShape[3]);
        if (stage.IsRegion)
            return [Transpose(stage, signal, height, width, 0, 0)];
        if (!PadsItself(stage))
            return [Transpose(stage, signal, height, width, Window.Y.PadBefore, Window.X.PadBefore)];
        var padded = Transpose(
            stage, signal, height + Window.Y.PadBefore + Window.Y.PadAfter, width + Window.X.PadBefore + Window.X.PadAfter, 0, 0);
        return [WindowPadding.Unpad(padded, Window, height, width)];
    }

    private bool PadsItself(Stage stage) => !stage.IsRegion && !Window.IsSymmetric;

    private torch.Tensor Transpose(Stage stage, torch.Tensor signal, long height, long width, int padY, int padX)
    {
        var (flipY, flipX) = (Window.Y.Span - 1 - padY, Window.X.Span - 1 - padX);
        // With stride 1 the transposed convolution is a convolution with rotated weights, which oneDNN runs several times faster.
        if (Window.Y.Stride == 1 && Window.X.Stride == 1 && flipY >= 0 && flipX >= 0)
            return F.conv2d(signal, stage.Weight(Weight, "turned", Turn), null, [1, 1], [flipY, flipX], Window.Dilation, Groups);
        if (Groups == 1 && Window.Y.Dilation == 1 && Window.X.Dilation == 1 && Window.Y.Stride == Window.X.Stride
            && Window.Y.Kernel >= Window.Y.Stride && Window.X.Kernel >= Window.X.Stride)
            return TransposeByPhases(stage, signal, height, width, padY, padX);
        long[] rest =
        [
            height - (((signal.shape[2] - 1) * Window.Y.Stride) - (2 * padY) + Window.Y.Span),
            width - (((signal.shape[3] - 1) * Window.X.Stride) - (2 * padX) + Window.X.Span),
        ];
        if (rest[0] < Window.Y.Stride && rest[1] < Window.X.Stride)
            return F.conv_transpose2d(signal, stage.Weight(Weight), null, Window.Stride, [padY, padX], rest, Window.Dilation, Groups);
        // A stride larger than the kernel leaves input rows that no window covers; torch refuses that much output padding.
        var seen = F.conv_transpose2d(signal, stage.Weight(Weight), null, Window.Stride, [padY, padX], [0, 0], Window.Dilation, Groups);
        return F.pad(seen, [0, rest[1], 0, rest[0]]);
    }

    /// <summary>
    /// Runs a transposed convolution of stride S as a convolution of stride 1 that computes the S x S phases of each output pixel as
    /// channels: position S * q + t gets signal (q - m) times tap S * m + t. Measured 4 times faster than torch's own on CPU.
    /// </summary>
    private torch.Tensor TransposeByPhases(Stage stage, torch.Tensor signal, long height, long width, int padY, int padX)
    {
        var phases = stage.Weight(Weight, "phases", Phases);
        var full = F.conv2d(signal, phases, null, [1, 1], [phases.shape[2] - 1, phases.shape[3] - 1]);
        var padded = F.pixel_shuffle(full, Window.Y.Stride);
        var (missingY, missingX) = (padY + height - padded.shape[2], padX + width - padded.shape[3]);
        if (missingY > 0 || missingX > 0)
            padded = F.pad(padded, [0, Math.Max(0, missingX), 0, Math.Max(0, missingY)]);
        return padded.narrow(2, padY, height).narrow(3, padX, width);
    }

    // [O, I, kH, kW] -> [I * S * S, O, ceil(kH / S), ceil(kW / S)], rotated by 180 degrees, phases innermost as pixel_shuffle expects them.
    private torch.Tensor Phases(torch.Tensor weight)
    {
        var (outputs, inputs, stride) = (weight.shape[0], weight.shape[1], (long)Window.Y.Stride);
        var (tapsY, tapsX) = ((weight.shape[2] + stride - 1) / stride, (weight.shape[3] + stride - 1) / stride);
        return F.pad(weight, [0, (tapsX * stride) - weight.shape[3], 0, (tapsY * stride) - weight.shape[2]])
            .reshape(outputs, inputs, tapsY, stride, tapsX, stride).permute(1, 3, 5, 0, 2, 4)
            .reshape(inputs * stride * stride, outputs, tapsY, tapsX).flip(2, 3).ChannelsLast();
    }

    // [O, I/g, kH, kW] -> [I, O/g, kH, kW], rotated by 180 degrees.
    private torch.Tensor Turn(torch.Tensor weight)
    {
        var (outputs, inputs, kernelY, kernelX) = (weight.shape[0], weight.shape[1], weight.shape[2], weight.shape[3]);
        return weight.reshape(Groups, outputs / Groups, inputs, kernelY, kernelX).transpose(1, 2)
            .reshape(Groups * inputs, outputs / Groups, kernelY, kernelX).flip(2, 3).ChannelsLast();
    }
}
