using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>How a <see cref="ChannelReduction"/> combines the channels.</summary>
public enum ChannelReductionKind
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>Their maximum.</summary>
    Max,
}

/// <summary>
/// Reduces all channels to one at each position. Its backward rule is the gradient; that of the maximum goes to the largest channel.
/// </summary>
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
            ChannelReductionKind.Mean => [signal.DividedBy(shape[1]).expand(shape)],
            _ => [signal.expand(shape)],
        };
    }
}

/// <summary>
/// Softmax at each position over groups of <paramref name="Extent"/> channels that lie <paramref name="Step"/> apart. It computes gates
/// (the weights of several branches), so it follows the rules of the other nonlinearities: the deconvnet and guided backpropagation rectify
/// the signal (its forward value is positive everywhere), and the gradient uses its derivative.
/// </summary>
/// <param name="Step">Distance between competing channels; 1 if adjacent channels compete.</param>
/// <param name="Extent">Number of competing channels.</param>
public sealed record ChannelSoftmax(int Step, int Extent) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Softmax";

    /// <inheritdoc/>
    public override bool MakesGate => true;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        return Step >= 1 && Extent >= 1 && input.Channels % ((long)Step * Extent) == 0
            ? input
            : throw new GraphException(node, $"{input.Channels} channels do not divide into groups of {Extent} that lie {Step} apart");
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        var output = torch.softmax(Apart(inputs[0]), 2).reshape(stage.SeenShape);
        if (stage.Rule is ReverseRule.Gradient)
            stage.Memory = output.clone();
        return output;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        if (stage.Rule is not ReverseRule.Gradient)
            return [signal.relu()];
        var (output, arriving) = (Apart(stage.Memory!), Apart(signal));
        return [(output * (arriving - (arriving * output).sum([2], keepdim: true))).reshape(signal.shape)];
    }

    // [N, groups, Extent, Step, positions].
    private torch.Tensor Apart(torch.Tensor values) =>
        values.reshape(values.shape[0], values.shape[1] / ((long)Step * Extent), Extent, Step, -1);
}
