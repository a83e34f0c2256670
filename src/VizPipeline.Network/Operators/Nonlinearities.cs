using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>
/// An elementwise function. The deconvnet rectifies the signal whatever the function; guided backpropagation rectifies it and masks
/// by forward &gt; 0; the gradient multiplies by the slope (METHODS 2).
/// </summary>
public abstract record Nonlinearity : Operator
{
    /// <summary>
    /// Whether the slope is computed from the function's input, as it must be where the function falls and rises (SiLU, GELU). Else it
    /// is computed from the output, so that the function may run in place.
    /// </summary>
    public virtual bool SlopeNeedsInput => false;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => OnlyInput(node, inputs);

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        var keepsInput = SlopeNeedsInput && stage.Rule is ReverseRule.Gradient;
        if (keepsInput)
            stage.Memory = inputs[0].alias();
        var output = stage.MayOverwrite && !keepsInput ? ApplyInPlace(inputs[0]) : Apply(inputs[0]);
        if (stage.NeedsForwardSign && !keepsInput)
            stage.Memory = output.alias();
        return output;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) => stage.Rule switch
    {
        ReverseRule.Deconvolution => [signal.relu()],
        ReverseRule.GuidedBackpropagation => [signal.relu().mul_(stage.Memory!.gt(Scalars.Of(0)))],
        _ => [Through(stage, signal)],
    };

    private torch.Tensor Through(Stage stage, torch.Tensor signal)
    {
        var through = signal * Slope(stage.Memory!, stage.Memory!);
        if (!stage.RescuesDead)
            return through;
        var silent = through.flatten(1).ne(Scalars.Of(0)).any(1).logical_not();
        return silent.any().item<bool>() ? torch.where(silent.reshape([-1, .. Enumerable.Repeat(1L, (int)signal.dim() - 1)]), signal.relu(), through) : through;
    }

    /// <summary>The function of a value that stays as it is.</summary>
    public torch.Tensor Of(torch.Tensor value) => Apply(value);

    /// <summary>The derivative. It looks at <paramref name="input"/> alone where <see cref="SlopeNeedsInput"/>, else at <paramref name="output"/> alone.</summary>
    public abstract torch.Tensor Slope(torch.Tensor input, torch.Tensor output);

    /// <summary>The function.</summary>
    protected abstract torch.Tensor Apply(torch.Tensor input);

    /// <summary>The function, written over its input where it can be.</summary>
    protected virtual torch.Tensor ApplyInPlace(torch.Tensor input) => Apply(input);
}

/// <summary>max(x, 0).</summary>
public sealed record Relu : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Relu";

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => output.gt(Scalars.Of(0));

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.relu();

    /// <inheritdoc/>
    protected override torch.Tensor ApplyInPlace(torch.Tensor input) => input.relu_();
}

/// <summary>x where positive, else <paramref name="NegativeSlope"/> times x.</summary>
public sealed record LeakyRelu(double NegativeSlope) : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "LeakyRelu";

    /// <summary>With a negative slope both sides are positive, so that the output does not tell the side.</summary>
    public override bool SlopeNeedsInput => NegativeSlope < 0;

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output)
    {
        var side = SlopeNeedsInput ? input : output;
        return side.gt(Scalars.Of(0)).to(side.dtype).mul_(Scalars.Of(1 - NegativeSlope)).PlusInPlace(Scalars.Of(NegativeSlope));
    }

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.leaky_relu(Scalars.Of(NegativeSlope));

    /// <inheritdoc/>
    protected override torch.Tensor ApplyInPlace(torch.Tensor input) => input.leaky_relu_(Scalars.Of(NegativeSlope));
}

/// <summary>x limited to [<paramref name="Min"/>, <paramref name="Max"/>]; ReLU6 is 0 to 6.</summary>
public sealed record Clip(double Min, double Max) : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Clip";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) =>
        Min <= Max ? base.OutputShape(node, inputs) : throw new GraphException(node, $"its limits {Min} and {Max} are in the wrong order");

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => output.gt(Scalars.Of(Min)).logical_and(output.lt(Scalars.Of(Max)));

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.clamp(Scalars.Of(Min), Scalars.Of(Max));

    /// <inheritdoc/>
    protected override torch.Tensor ApplyInPlace(torch.Tensor input) => input.clamp_(Scalars.Of(Min), Scalars.Of(Max));
}

/// <summary>1 / (1 + exp(-x)).</summary>
public sealed record Sigmoid : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Sigmoid";

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => output * (Scalars.Of(1).Minus(output));

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.sigmoid();

    /// <inheritdoc/>
    protected override torch.Tensor ApplyInPlace(torch.Tensor input) => input.sigmoid_();
}

/// <summary>Hyperbolic tangent.</summary>
public sealed record Tanh : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Tanh";

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => Scalars.Of(1).Minus(output.square());

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.tanh();

    /// <inheritdoc/>
    protected override torch.Tensor ApplyInPlace(torch.Tensor input) => input.tanh_();
}

/// <summary>clip(Alpha * x + Beta, 0, 1).</summary>
/// <param name="Alpha">Slope in the middle, more than 0.</param>
/// <param name="Beta">Value at 0.</param>
public sealed record HardSigmoid(double Alpha = 0.2, double Beta = 0.5) : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "HardSigmoid";

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => output.gt(Scalars.Of(0)).logical_and(output.lt(Scalars.Of(1))).to(output.dtype).mul_(Scalars.Of(Alpha));

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => (input * Scalars.Of(Alpha)).PlusInPlace(Scalars.Of(Beta)).clamp_(Scalars.Of(0), Scalars.Of(1));

    /// <inheritdoc/>
    protected override torch.Tensor ApplyInPlace(torch.Tensor input) => input.mul_(Scalars.Of(Alpha)).PlusInPlace(Scalars.Of(Beta)).clamp_(Scalars.Of(0), Scalars.Of(1));
}

/// <summary>x where more than Alpha, else 0.</summary>
/// <param name="Alpha">At least 0.</param>
public sealed record ThresholdedRelu(double Alpha) : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "ThresholdedRelu";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => Alpha >= 0
        ? base.OutputShape(node, inputs) : throw new OperatorNotSupportedException(node, Kind, $"alpha {Alpha}: it must not be negative");

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => output.gt(Scalars.Of(0));

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input * input.gt(Scalars.Of(Alpha));
}

/// <summary>
/// x where positive, else a learned multiple of x for each channel. Its slope needs the channel, so that its values are observed
/// without a look at what stands before it (<see cref="Layer.PreActivation"/>).
/// </summary>
/// <param name="Slopes">[C].</param>
public sealed record PRelu(FloatTensor Slopes) : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "PRelu";

    /// <inheritdoc/>
    public override long Parameters => Slopes.Count;

    /// <inheritdoc/>
    public override bool SlopeNeedsInput => true;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        return Slopes.Count == input.Channels ? input : throw new GraphException(node, $"it has slopes for {Slopes.Count} channels and gets {input.Channels}");
    }

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => torch.where(input.gt(Scalars.Of(0)), torch.ones_like(input), PerChannel(input));

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => torch.where(input.gt(Scalars.Of(0)), input, input * PerChannel(input));

    private torch.Tensor PerChannel(torch.Tensor like) =>
        torch.tensor(Slopes.Values, like.dim() == 4 ? [1, Slopes.Count, 1, 1] : [1, Slopes.Count]).to(like.device);
}
