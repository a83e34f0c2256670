using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>
/// An elementwise function. The deconvnet rectifies the signal whatever the function; guided backpropagation rectifies it and masks
/// by forward &gt; 0; the gradient multiplies by the slope (METHODS 2). The slope must be computable from the output alone, so that
/// the function may run in place.
/// </summary>
public abstract record Nonlinearity : Operator
{
    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => OnlyInput(node, inputs);

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        var output = stage.MayOverwrite ? ApplyInPlace(inputs[0]) : Apply(inputs[0]);
        if (stage.NeedsForwardSign)
            stage.Memory = output.alias();
        return output;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor> Reverse(Stage stage, torch.Tensor signal) => stage.Rule switch
    {
        ReverseRule.Deconvolution => [signal.relu()],
        ReverseRule.GuidedBackpropagation => [signal.relu().mul_(stage.Memory!.gt(0))],
        _ => [signal * Slope(stage.Memory!)],
    };

    /// <summary>The function of a value that stays as it is.</summary>
    public torch.Tensor Of(torch.Tensor value) => Apply(value);

    /// <summary>The derivative, from the function's output.</summary>
    public abstract torch.Tensor Slope(torch.Tensor output);

    /// <summary>The function.</summary>
    protected abstract torch.Tensor Apply(torch.Tensor input);

    /// <summary>The function, written over its input.</summary>
    protected abstract torch.Tensor ApplyInPlace(torch.Tensor input);
}

/// <summary>max(x, 0).</summary>
public sealed record Relu : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Relu";

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor output) => output.gt(0);

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

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor output) => output.gt(0).to(output.dtype).mul_(1 - NegativeSlope).add_(NegativeSlope);

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => torch.nn.functional.leaky_relu(input, NegativeSlope);

    /// <inheritdoc/>
    protected override torch.Tensor ApplyInPlace(torch.Tensor input) => torch.nn.functional.leaky_relu(input, NegativeSlope, inplace: true);
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
    public override torch.Tensor Slope(torch.Tensor output) => output.gt(Min).logical_and(output.lt(Max));

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.clamp(Min, Max);

    /// <inheritdoc/>
    protected override torch.Tensor ApplyInPlace(torch.Tensor input) => input.clamp_(Min, Max);
}

/// <summary>1 / (1 + exp(-x)).</summary>
public sealed record Sigmoid : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Sigmoid";

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor output) => output * (1 - output);

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
    public override torch.Tensor Slope(torch.Tensor output) => 1 - output.square();

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.tanh();

    /// <inheritdoc/>
    protected override torch.Tensor ApplyInPlace(torch.Tensor input) => input.tanh_();
}
