using TorchSharp;

namespace VizPipeline.Network.Operators;

/// <summary>
/// x to the power of <paramref name="Exponent"/>, as in generalised-mean pooling; also square root (0.5) and reciprocal (-1).
/// </summary>
public sealed record Power(double Exponent) : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => Exponent switch { 0.5 => "Sqrt", -1 => "Reciprocal", _ => "Pow" };

    /// <inheritdoc/>
    public override bool SlopeNeedsInput => true;

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => input.Pow(Exponent - 1).Times(Exponent);

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => Exponent == 2 ? input.square() : input.Pow(Exponent);
}

/// <summary>|x|.</summary>
public sealed record Absolute : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Abs";

    /// <inheritdoc/>
    public override bool SlopeNeedsInput => true;

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => input.sign();

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.abs();
}

/// <summary>exp(x).</summary>
public sealed record Exponential : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Exp";

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => output.alias();

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.exp();
}

/// <summary>The natural logarithm.</summary>
public sealed record Logarithm : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Log";

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => (-output).exp();

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.log();
}

/// <summary>The error function.</summary>
public sealed record ErrorFunction : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "Erf";

    /// <inheritdoc/>
    public override bool SlopeNeedsInput => true;

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => (-input.square()).exp().Times(2 / Math.Sqrt(Math.PI));

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.erf();
}
