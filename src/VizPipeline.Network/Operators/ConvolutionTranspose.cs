using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using F = TorchSharp.torch.nn.functional;

namespace VizPipeline.Network.Operators;

/// <summary>
/// A transposed convolution, which enlarges maps. Its backward rule is the convolution with the same weights, without the bias.
/// </summary>
/// <param name="Weight">[I, O / Groups, kH, kW].</param>
/// <param name="Bias">[O], or null.</param>
/// <param name="Window">Kernel, stride, dilation; the padding is cropped from the result.</param>
/// <param name="ExtraRows">Rows appended at the end that contain only the bias.</param>
/// <param name="ExtraColumns">Columns appended at the end that contain only the bias.</param>
/// <param name="Groups">Number of channel groups that are convolved independently.</param>
public sealed record ConvolutionTranspose(
    FloatTensor Weight, FloatTensor? Bias, Window Window, int ExtraRows = 0, int ExtraColumns = 0, int Groups = 1) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "ConvTranspose";

    /// <inheritdoc/>
    public override LayerKind? LayerKind => Graph.LayerKind.Conv;

    /// <inheritdoc/>
    public override FloatTensor? MainWeight => Weight;

    /// <summary>Adjacent output positions can depend on the same input positions, which a stride in whole pixels cannot express.</summary>
    public override Reach Reach => Reach.All;

    /// <inheritdoc/>
    public override long Parameters => Weight.Count + (Bias?.Count ?? 0);

    /// <inheritdoc/>
    public override long MultiplyAdds(Shape output) =>
        output.Count * (Weight.Shape[0] / Groups) * Window.Y.Kernel * Window.X.Kernel / ((long)Window.Y.Stride * Window.X.Stride);

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyMap(node, inputs);
        if (Weight.Shape.Length != 4 || Weight.Count == 0)
            throw new GraphException(node, $"the weight '{Weight}' is not that of a 2-D convolution");
        if (Groups < 1 || Weight.Shape[0] % Groups != 0 || Weight.Shape[0] != input.Channels)
        {
            throw new GraphException(
                node, $"the weight '{Weight}' is for {Weight.Shape[0]} input channels in {Groups} groups but gets {input.Channels}");
        }
        if (Weight.Shape[2] != Window.Y.Kernel || Weight.Shape[3] != Window.X.Kernel)
        {
            throw new GraphException(
                node,
                $"kernel_shape {Window.Y.Kernel}x{Window.X.Kernel} differs from the weight's {Weight.Shape[2]}x{Weight.Shape[3]}");
        }
        var outputs = (long)Weight.Shape[1] * Groups;
        if (outputs > int.MaxValue || (Bias is { } bias && (bias.Shape.Length != 1 || bias.Shape[0] != outputs)))
            throw new GraphException(node, $"the bias '{Bias}' is not for {outputs} output channels");
        Window.Over(new Shape(1, Window.Y.Span, Window.X.Span), 1, node);
        var (height, width) = (Along(Window.Y, input.Height, ExtraRows), Along(Window.X, input.Width, ExtraColumns));
        return new Shape((int)outputs, height, width);

        int Along(WindowAxis axis, int extent, int extra)
        {
            var full = ((long)axis.Stride * (extent - 1)) + axis.Span;
            var output = full + extra - axis.PadBefore - axis.PadAfter;
            return full <= 1 << 20 && extra is >= 0 and <= 1 << 20 && output >= 1 && axis.PadBefore < full && axis.PadAfter < full + extra
                ? (int)output
                    : throw new GraphException(node, $"an input extent of {extent} gives an output extent of {output}, which is not valid");
        }
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        var full = F.conv_transpose2d(inputs[0], stage.Weight(Weight), null, Window.Stride, [0, 0], [0, 0], Window.Dilation, Groups);
        var cut = F.pad(full, [-Window.X.PadBefore, ExtraColumns - Window.X.PadAfter, -Window.Y.PadBefore, ExtraRows - Window.Y.PadAfter]);
        return Bias is null ? cut : cut.Plus(stage.Weight(Bias, "per channel", plain => plain.view(1, -1, 1, 1)));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var full = F.pad(signal, [Window.X.PadBefore, Window.X.PadAfter - ExtraColumns, Window.Y.PadBefore, Window.Y.PadAfter - ExtraRows]);
        return [F.conv2d(full, stage.Weight(Weight), null, Window.Stride, [0, 0], Window.Dilation, Groups)];
    }
}
