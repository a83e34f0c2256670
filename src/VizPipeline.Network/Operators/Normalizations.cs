using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>
/// (x - mean) / sqrt(variance + epsilon) * Scale + Shift, with the mean and variance of the normalised values themselves. For deconvnet and
/// guided backpropagation the statistics are constants, like those of a batch normalisation (docs/methods.md, section 2): the signal is
/// multiplied by Scale / sqrt(variance + epsilon). The gradient also goes through the statistics.
/// </summary>
/// <param name="Scale">[C], or null for 1.</param>
/// <param name="Shift">[C], or null for 0.</param>
/// <param name="Epsilon">At least 0.</param>
public abstract record Normalization(FloatTensor? Scale, FloatTensor? Shift, double Epsilon) : Operator
{
    /// <inheritdoc/>
    public override LayerPart LayerPart => LayerPart.Inner;

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override long Parameters => (Scale?.Count ?? 0) + (Shift?.Count ?? 0);

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        if ((Scale?.Count ?? input.Channels) != input.Channels || (Shift?.Count ?? input.Channels) != input.Channels)
        {
            throw new GraphException(
                node, $"its scale and shift of {Scale?.Count} and {Shift?.Count} values do not match {input.Channels} channels");
        }
        return Epsilon >= 0 ? input : throw new GraphException(node, $"epsilon {Epsilon} is negative");
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        var grouped = Group(inputs[0]);
        var centred = grouped - Mean(grouped);
        var factor = Mean(centred.square()).Plus(Epsilon).rsqrt();
        var normal = centred.mul_(factor);
        if (stage.Rule is not null)
            stage.Operands = stage.Rule is ReverseRule.Gradient ? [factor, normal] : [factor];
        var output = normal.reshape(stage.SeenShape);
        if (Scale is not null)
            output = output * PerChannel(stage, Scale);
        if (Shift is not null)
            output = output.Plus(PerChannel(stage, Shift));
        // What is kept for the backward pass must not be returned too: the next operator may overwrite it.
        return Scale is null && Shift is null && stage.Rule is ReverseRule.Gradient ? output.clone() : output;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var scaled = Scale is null ? signal : signal * PerChannel(stage, Scale);
        long[] shape = [signal.shape[0], .. stage.SeenShape[1..]];
        var grouped = Group(scaled);
        var factor = stage.Operands[0];
        if (stage.Rule is not ReverseRule.Gradient)
            return [(grouped * factor).reshape(shape)];
        var normal = stage.Operands[1];
        return [((grouped - Mean(grouped) - (normal * Mean(grouped * normal))) * factor).reshape(shape)];
    }

    /// <summary>Reshapes the values so that those normalised together lie along <see cref="Together"/>.</summary>
    protected abstract torch.Tensor Group(torch.Tensor values);

    /// <summary>The dimension of <see cref="Group"/>'s result over which the values are normalised.</summary>
    protected abstract long Together { get; }

    private torch.Tensor Mean(torch.Tensor grouped) => grouped.mean([Together], keepdim: true);

    private static torch.Tensor PerChannel(Stage stage, FloatTensor values) =>
        stage.SeenShape.Length == 4 ? stage.Weight(values, "per channel", plain => plain.view(1, -1, 1, 1)) : stage.Weight(values);
}

/// <summary>Layer normalisation over the channels at each position of a map (as in ConvNeXt) or over the units of a vector.</summary>
/// <param name="Scale">[C], or null for 1.</param>
/// <param name="Shift">[C], or null for 0.</param>
/// <param name="Epsilon">At least 0.</param>
public sealed record LayerNorm(FloatTensor? Scale, FloatTensor? Shift, double Epsilon = 1e-5) : Normalization(Scale, Shift, Epsilon)
{
    /// <inheritdoc/>
    public override string Kind => "LayerNorm";

    /// <inheritdoc/>
    protected override long Together => 1;

    /// <inheritdoc/>
    protected override torch.Tensor Group(torch.Tensor values) => values;
}

/// <summary>
/// Group normalisation over the channels of a group and the whole map: instance normalisation if there are as many groups as channels,
/// layer normalisation over everything if there is one. Statistics of the whole map do not widen the receptive field: they act as one
/// factor.
/// </summary>
/// <param name="Groups">Number of groups; must divide the number of channels.</param>
/// <param name="Scale">[C], or null for 1.</param>
/// <param name="Shift">[C], or null for 0.</param>
/// <param name="Epsilon">At least 0.</param>
public sealed record GroupNorm(int Groups, FloatTensor? Scale, FloatTensor? Shift, double Epsilon = 1e-5)
    : Normalization(Scale, Shift, Epsilon)
{
    /// <inheritdoc/>
    public override string Kind => "GroupNorm";

    /// <inheritdoc/>
    public override Reach Reach => Reach.All;

    /// <inheritdoc/>
    protected override long Together => 2;

    /// <inheritdoc/>
    public override Reach? FieldOver(IReadOnlyList<Shape> inputs, int input) => Reach.Point;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = base.OutputShape(node, inputs);
        return Groups >= 1 && input.Channels % Groups == 0
            ? input
            : throw new GraphException(node, $"{input.Channels} channels do not divide into {Groups} groups");
    }

    /// <inheritdoc/>
    protected override torch.Tensor Group(torch.Tensor values) => values.reshape(values.shape[0], Groups, -1);
}
