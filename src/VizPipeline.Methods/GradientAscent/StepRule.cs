using TorchSharp;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>How far a step goes along the gradient (METHODS 3).</summary>
public abstract record StepRule
{
    /// <summary>The learning rate of each image.</summary>
    /// <param name="squaredNorms">Squared L2 norm of each image's gradient, [N], above 0 for images that still run.</param>
    /// <param name="pixels">Values per image, C * H * W.</param>
    public abstract torch.Tensor Rates(torch.Tensor squaredNorms, long pixels);
}

/// <summary>The same rate at every step.</summary>
public sealed record ConstantRate(double Rate) : StepRule
{
    /// <inheritdoc/>
    public override torch.Tensor Rates(torch.Tensor squaredNorms, long pixels) => torch.full_like(squaredNorms, Rate);
}

/// <summary>The rate that would raise the objective by <paramref name="Desired"/> were it linear, Desired / norm^2, at most <paramref name="Max"/>.</summary>
public sealed record ProgressRate(double Max, double Desired) : StepRule
{
    /// <inheritdoc/>
    public override torch.Tensor Rates(torch.Tensor squaredNorms, long pixels) => (Desired / squaredNorms).clamp(max: Max);
}

/// <summary>
/// Steps of one length: a root mean square change of <paramref name="RmsPixels"/> grey levels, whatever the scale of the network's
/// gradients. The published rates are CaffeNet's; this is how the presets carry over to other networks.
/// </summary>
public sealed record NormalisedRate(double RmsPixels) : StepRule
{
    /// <inheritdoc/>
    public override torch.Tensor Rates(torch.Tensor squaredNorms, long pixels) => RmsPixels * Math.Sqrt(pixels) / squaredNorms.sqrt();
}
