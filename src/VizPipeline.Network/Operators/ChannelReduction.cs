using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>What becomes of all channels together.</summary>
public enum ChannelReductionKind
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>The largest.</summary>
    Max,
}

/// <summary>One channel made of all channels at each position. The way back is its gradient; of the maximum to the channel that won.</summary>
public sealed record ChannelReduction(ChannelReductionKind Reduction) : Operator
{
    /// <inheritdoc/>
    public override string Kind => $"Channel{Reduction}";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => OnlyInput(node, inputs) with { Channels = 1 };

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        if (Reduction != ChannelReductionKind.Max)
            return Reduction == ChannelReductionKind.Sum ? inputs[0].sum([1], keepdim: true) : inputs[0].mean([1], keepdim: true);
        var (values, winners) = inputs[0].max(1, keepdim: true);
        if (stage.Rule is not null)
            stage.Memory = winners;
        return values;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        long[] shape = [signal.shape[0], stage.SeenShape[1], .. signal.shape[2..]];
        return Reduction switch
        {
            ChannelReductionKind.Max => [torch.zeros(shape, dtype: signal.dtype, device: signal.device).scatter_(1, stage.Memory!, signal)],
            ChannelReductionKind.Mean => [(signal / shape[1]).expand(shape)],
            _ => [signal.expand(shape)],
        };
    }
}

/// <summary>A vector as a map, row-major: the undoing of <see cref="Flatten"/>.</summary>
public sealed record Unflatten(int Channels, int Height, int Width) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Reshape";

    /// <inheritdoc/>
    public override Reach Reach => Reach.All;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var (input, shape) = (OnlyInput(node, inputs), new Shape(Channels, Height, Width));
        return input.IsVector && Channels >= 1 && Height >= 1 && Width >= 1 && shape.Count == input.Channels
            ? shape : throw new GraphException(node, $"a value of {input} is no map of {shape}");
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs) => inputs[0].reshape(inputs[0].shape[0], Channels, Height, Width);

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) => [signal.reshape(signal.shape[0], -1)];
}

/// <summary>
/// Limits that stand for a number format and are seldom reached: those of quantised activations. It is no rectifier, so that the deconvnet
/// and guided backpropagation pass signals through; the gradient is masked outside the limits.
/// </summary>
public sealed record Saturation(double Min, double Max) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Quantize";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) =>
        Min < Max ? OnlyInput(node, inputs) : throw new GraphException(node, $"its limits {Min} and {Max} are in the wrong order");

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        var output = inputs[0].clamp(Min, Max);
        if (stage.Rule is ReverseRule.Gradient)
            stage.Memory = output.gt(Min).logical_and(output.lt(Max));
        return output;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) =>
        [stage.Rule is ReverseRule.Gradient ? signal * stage.Memory! : signal.alias()];
}
