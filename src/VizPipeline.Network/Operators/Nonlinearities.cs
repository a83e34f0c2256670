using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>
/// An elementwise function. The deconvnet rectifies the signal, whatever the function; guided backpropagation rectifies it and masks it by
/// forward &gt; 0; the gradient multiplies by the slope (docs/methods.md, section 2).
/// </summary>
public abstract record Nonlinearity : Operator
{
    /// <summary>
    /// Whether the slope is computed from the function's input, which is necessary for functions that are not monotonic (SiLU, GELU).
    /// Otherwise it is computed from the output, and the function may run in place.
    /// </summary>
    public virtual bool SlopeNeedsInput => false;

    /// <inheritdoc/>
    public override LayerPart LayerPart => LayerPart.Nonlinearity;

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

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
        ReverseRule.GuidedBackpropagation => [signal.relu().mul_(stage.Memory!.Gt(0))],
        _ => [Through(stage, signal)],
    };

    private torch.Tensor Through(Stage stage, torch.Tensor signal)
    {
        var through = signal * Slope(stage.Memory!, stage.Memory!);
        if (!stage.RescuesDead)
            return through;
        var silent = through.flatten(1).Ne(0).any(1).logical_not();
        return silent.any().item<bool>()
            ? torch.where(silent.reshape([-1, .. Enumerable.Repeat(1L, (int)signal.dim() - 1)]), signal.relu(), through) : through;
    }

    /// <summary>Returns the function of <paramref name="value"/>, which is not modified.</summary>
    public torch.Tensor Evaluate(torch.Tensor value) => Apply(value);

    /// <summary>
    /// Returns how far each value is above the point where the function opens: <paramref name="input"/> itself, unless the function is 0
    /// for some positive values, too. The threshold counts as a constant for gradients.
    /// </summary>
    public virtual torch.Tensor Margin(torch.Tensor input) => input;

    /// <summary>
    /// Returns the derivative. It uses only <paramref name="input"/> if <see cref="SlopeNeedsInput"/>, else only <paramref name="output"/>.
    /// </summary>
    public abstract torch.Tensor Slope(torch.Tensor input, torch.Tensor output);

    /// <summary>Computes the function.</summary>
    protected abstract torch.Tensor Apply(torch.Tensor input);

    /// <summary>Computes the function, in place of its input if possible.</summary>
    protected virtual torch.Tensor ApplyInPlace(torch.Tensor input) => Apply(input);
}

/// <summary>max(x, 0).</summary>
public sealed record Relu : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Relu";

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => output.Gt(0);

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.relu();

    /// <inheritdoc/>
    protected override torch.Tensor ApplyInPlace(torch.Tensor input) => input.relu_();
}

/// <summary>x where x is positive, else <paramref name="NegativeSlope"/> times x.</summary>
public sealed record LeakyRelu(double NegativeSlope) : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "LeakyRelu";

    /// <summary>With a negative slope both branches give positive values, so the output does not determine the branch.</summary>
    public override bool SlopeNeedsInput => NegativeSlope < 0;

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output)
    {
        var side = SlopeNeedsInput ? input : output;
        return side.Gt(0).to(side.dtype).TimesInPlace(1 - NegativeSlope).PlusInPlace(NegativeSlope);
    }

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.LeakyRelu(NegativeSlope);

    /// <inheritdoc/>
    protected override torch.Tensor ApplyInPlace(torch.Tensor input) => input.LeakyReluInPlace(NegativeSlope);
}

/// <summary>x clipped to [<paramref name="Min"/>, <paramref name="Max"/>]; ReLU6 is 0 to 6.</summary>
public sealed record Clip(double Min, double Max) : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Clip";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) =>
        Min <= Max ? base.OutputShape(node, inputs) : throw new GraphException(node, $"its minimum {Min} is larger than its maximum {Max}");

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => output.Gt(Min).logical_and(output.Lt(Max));

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.Clamp(Min, Max);

    /// <inheritdoc/>
    protected override torch.Tensor ApplyInPlace(torch.Tensor input) => input.ClampInPlace(Min, Max);
}

/// <summary>1 / (1 + exp(-x)).</summary>
public sealed record Sigmoid : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Sigmoid";

    /// <inheritdoc/>
    public override bool MakesGate => true;

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => output * 1.0.Minus(output);

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
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => 1.0.Minus(output.square());

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
    public override bool MakesGate => true;

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) =>
        output.Gt(0).logical_and(output.Lt(1)).to(output.dtype).TimesInPlace(Alpha);

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.Times(Alpha).PlusInPlace(Beta).ClampInPlace(0, 1);

    /// <inheritdoc/>
    protected override torch.Tensor ApplyInPlace(torch.Tensor input) => input.TimesInPlace(Alpha).PlusInPlace(Beta).ClampInPlace(0, 1);
}

/// <summary>x where x is greater than Alpha, else 0.</summary>
/// <param name="Alpha">At least 0.</param>
public sealed record ThresholdedRelu(double Alpha) : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "ThresholdedRelu";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => Alpha >= 0
        ? base.OutputShape(node, inputs)
        : throw new OperatorNotSupportedException(node, Kind, $"alpha {Alpha}; it must not be negative");

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => output.Gt(0);

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input * input.Gt(Alpha);
}

/// <summary>
/// x where x is positive, else x times a learned slope per channel. Because the slope depends on the channel, the layer's pre-activation is
/// the same node as its activation (<see cref="Layer.PreActivation"/>).
/// </summary>
/// <param name="Slopes">[C].</param>
public sealed record PRelu(FloatTensor Slopes) : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "PRelu";

    /// <inheritdoc/>
    public override LayerPart LayerPart => LayerPart.ChannelNonlinearity;

    /// <inheritdoc/>
    public override long Parameters => Slopes.Count;

    /// <inheritdoc/>
    public override bool SlopeNeedsInput => true;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        return Slopes.Count == input.Channels
            ? input
            : throw new GraphException(node, $"it has slopes for {Slopes.Count} channels but its input has {input.Channels}");
    }

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) =>
        torch.where(input.Gt(0), torch.ones_like(input), PerChannel(input));

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => torch.where(input.Gt(0), input, input * PerChannel(input));

    private torch.Tensor PerChannel(torch.Tensor like) =>
        torch.tensor(Slopes.Values, like.dim() == 4 ? [1, Slopes.Count, 1, 1] : [1, Slopes.Count]).to(like.device);
}
