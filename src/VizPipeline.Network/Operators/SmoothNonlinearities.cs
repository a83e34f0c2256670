using TorchSharp;
using VizPipeline.Network.Graph;
using F = TorchSharp.torch.nn.functional;

namespace VizPipeline.Network.Operators;

/// <summary>x * sigmoid(<paramref name="Beta"/> x): SiLU for 1, otherwise Swish.</summary>
public sealed record Silu(double Beta = 1) : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "SiLU";

    /// <inheritdoc/>
    public override bool SlopeNeedsInput => true;

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output)
    {
        var gate = Gate(input);
        return gate.Plus((input * gate * 1.0.Minus(gate)).Times(Beta));
    }

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => Beta == 1 ? F.silu(input) : input * Gate(input);

    private torch.Tensor Gate(torch.Tensor input) => (Beta == 1 ? input : input.Times(Beta)).sigmoid();
}

/// <summary>x * clip(x / 6 + 1 / 2, 0, 1).</summary>
public sealed record HardSwish : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "HardSwish";

    /// <inheritdoc/>
    public override bool SlopeNeedsInput => true;

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) =>
        torch.where(input.abs().Lt(3), input.DividedBy(3).Plus(0.5), input.Gt(0).to(input.dtype));

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => F.hardswish(input);

    /// <inheritdoc/>
    protected override torch.Tensor ApplyInPlace(torch.Tensor input) => F.hardswish(input, inplace: true);
}

/// <summary>x * P(X &lt;= x) for a standard normal X, exact or by the usual tanh approximation.</summary>
/// <param name="Approximate">Whether to use the approximation.</param>
public sealed record Gelu(bool Approximate = false) : Nonlinearity
{
    private const double TanhScale = 0.79788456080286541; // sqrt(2 / pi)
    private const double TanhCube = 0.044715;

    /// <inheritdoc/>
    public override string Kind => "GELU";

    /// <inheritdoc/>
    public override bool SlopeNeedsInput => true;

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output)
    {
        if (!Approximate)
            return Below(input).Plus((input * input.square().Times(-0.5).exp()).Times(1 / Math.Sqrt(2 * Math.PI)));
        var square = input.square();
        var inner = Inner(input, square);
        var rising = input * 1.0.Minus(inner.square()) * square.Times(3 * TanhCube).Plus(1);
        return inner.Plus(1).Times(0.5).Plus(rising.Times(0.5 * TanhScale));
    }

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => Approximate
        ? input.Times(0.5) * Inner(input, input.square()).Plus(1)
        : input * Below(input);

    private static torch.Tensor Below(torch.Tensor input) => input.Times(Math.Sqrt(0.5)).erf().Plus(1).Times(0.5);

    private static torch.Tensor Inner(torch.Tensor input, torch.Tensor square) =>
        (input * square.Times(TanhCube).Plus(1)).Times(TanhScale).tanh();
}

/// <summary>x * tanh(log(1 + exp(x))).</summary>
public sealed record Mish : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Mish";

    /// <inheritdoc/>
    public override bool SlopeNeedsInput => true;

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output)
    {
        var gate = F.softplus(input).tanh();
        return gate.Plus(input * 1.0.Minus(gate.square()) * input.sigmoid());
    }

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input * F.softplus(input).tanh();
}

/// <summary>
/// Scale * x where x is positive, else Scale * Alpha * (exp(x) - 1): ELU with a scale of 1, SELU with the two constants of its paper.
/// </summary>
/// <param name="Alpha">At least 0, so that output and input have the same sign.</param>
/// <param name="Scale">More than 0.</param>
public sealed record Elu(double Alpha = 1, double Scale = 1) : Nonlinearity
{
    /// <summary>SELU with the constants of Klambauer et al. 2017.</summary>
    public static Elu Selu { get; } = new(1.6732632423543772, 1.0507009873554805);

    /// <inheritdoc/>
    public override string Kind => Scale == 1 ? "ELU" : "SELU";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => Alpha >= 0 && Scale > 0
        ? base.OutputShape(node, inputs)
        : throw new OperatorNotSupportedException(node, Kind, $"alpha {Alpha} and scale {Scale}; they must be positive");

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) =>
        torch.where(output.Gt(0), output.FullLike(Scale), output.Plus(Alpha * Scale));

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) =>
        torch.where(input.Gt(0), input, input.ClampMax(0).exp().Minus(1).Times(Alpha)).Times(Scale);
}

/// <summary>x where x is positive, else Alpha * (exp(x / Alpha) - 1).</summary>
/// <param name="Alpha">More than 0.</param>
public sealed record Celu(double Alpha = 1) : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "CELU";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => Alpha > 0
        ? base.OutputShape(node, inputs)
        : throw new OperatorNotSupportedException(node, Kind, $"alpha {Alpha}; it must be positive");

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) =>
        torch.where(output.Gt(0), torch.ones_like(output), output.DividedBy(Alpha).Plus(1));

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) =>
        torch.where(input.Gt(0), input, input.ClampMax(0).DividedBy(Alpha).exp().Minus(1).Times(Alpha));
}

/// <summary>log(1 + exp(x)).</summary>
public sealed record Softplus : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Softplus";

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => 1.0.Minus((-output).exp());

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => F.softplus(input);
}

/// <summary>x / (1 + |x|).</summary>
public sealed record Softsign : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Softsign";

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => 1.0.Minus(output.abs()).square();

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input / input.abs().Plus(1);
}
