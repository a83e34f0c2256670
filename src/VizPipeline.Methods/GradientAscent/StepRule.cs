using System.Text.Json.Serialization;
using TorchSharp;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>Determines the length of a step along the gradient (docs/methods.md, section 3).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ConstantRate), "constant")]
[JsonDerivedType(typeof(ProgressRate), "progress")]
[JsonDerivedType(typeof(NormalisedRate), "normalised")]
[JsonDerivedType(typeof(Adam), "adam")]
[JsonDerivedType(typeof(NAdam), "nadam")]
public abstract record StepRule : IRecipePart
{
    /// <inheritdoc/>
    public abstract IEnumerable<string> Faults();

    /// <summary>Creates the rule's state for the first step of a batch.</summary>
    /// <param name="fieldShare">Side of the layer's receptive field relative to the input's, above 0, at most 1.</param>
    /// <param name="pixelShare">One pixel relative to the input's side.</param>
    internal abstract Stepper Begin(double fieldShare, double pixelShare);

    private protected static IEnumerable<string> Positive(double value, string name)
    {
        if (value is not (> 0 and <= 1e12))
            yield return $"rule's {name} must be above 0 and at most 1e12, not {value}";
    }
}

/// <summary>A rule that multiplies the gradient by one rate per image.</summary>
public abstract record RateRule : StepRule
{
    /// <summary>Returns the learning rate of each image.</summary>
    /// <param name="squaredNorms">Squared L2 norm of each image's gradient, [N], above 0 for images that are still running.</param>
    /// <param name="values">Number of values per image, C * H * W for pixels.</param>
    public abstract torch.Tensor Rates(torch.Tensor squaredNorms, long values);

    /// <inheritdoc/>
    internal override Stepper Begin(double fieldShare, double pixelShare) => new RateStepper(this);
}

/// <summary>The same rate at every step.</summary>
public sealed record ConstantRate(double Rate) : RateRule
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => Positive(Rate, "rate");

    /// <inheritdoc/>
    public override torch.Tensor Rates(torch.Tensor squaredNorms, long values) => squaredNorms.FullLike(Rate);
}

/// <summary>
/// The rate that would raise the objective by <paramref name="Desired"/> if it were linear, Desired / norm^2, at most
/// <paramref name="Max"/>.
/// </summary>
public sealed record ProgressRate(double Max, double Desired) : RateRule
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => [.. Positive(Max, "max"), .. Positive(Desired, "desired")];

    /// <inheritdoc/>
    public override torch.Tensor Rates(torch.Tensor squaredNorms, long values) => Desired.DividedBy(squaredNorms).ClampMax(Max);
}

/// <summary>
/// Steps of constant length: a root mean square change of <paramref name="RmsPixels"/> grey levels, whatever the scale of the network's
/// gradients. The published rates are CaffeNet's; this rule transfers the presets to other networks.
/// </summary>
public sealed record NormalisedRate(double RmsPixels) : RateRule
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => Positive(RmsPixels, "rms_pixels");

    /// <inheritdoc/>
    public override torch.Tensor Rates(torch.Tensor squaredNorms, long values) =>
        (RmsPixels * Math.Sqrt(values)).DividedBy(squaredNorms.sqrt());
}

/// <summary>Adam (Kingma and Ba 2014, algorithm 1), maximising.</summary>
/// <param name="Rate">Step size, in the units of what is optimised.</param>
/// <param name="Beta1">Decay of the mean of gradients.</param>
/// <param name="Beta2">Decay of the mean of squared gradients.</param>
/// <param name="SmallFields">Factor on the rate at a layer whose receptive field is one pixel. It falls with the logarithm of the field's
/// side to 1 where the side is half of the input's: early layers need more contrast than a spectrum reaches in the steps that later layers
/// need.
/// </param>
public sealed record Adam(double Rate, double Beta1 = 0.9, double Beta2 = 0.999, double SmallFields = 1) : StepRule
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() =>
        [.. Positive(Rate, "rate"), .. Positive(SmallFields, "small_fields"), .. AdamStepper.Faults(Beta1, Beta2)];

    /// <inheritdoc/>
    internal override Stepper Begin(double fieldShare, double pixelShare) =>
        new AdamStepper(RateAt(fieldShare, pixelShare), Beta1, Beta2, isNesterov: false);

    /// <summary>Returns the rate at a layer; see <see cref="SmallFields"/>.</summary>
    internal double RateAt(double fieldShare, double pixelShare) =>
        Rate * (1 + ((SmallFields - 1) * Math.Clamp(Math.Log(2 * fieldShare) / Math.Log(Math.Min(2 * pixelShare, 0.5)), 0, 1)));
}

/// <summary>Adam with Nesterov momentum (Dozat 2016), maximising.</summary>
/// <param name="Rate">Step size, in the units of what is optimised.</param>
/// <param name="Beta1">Decay of the mean of gradients.</param>
/// <param name="Beta2">Decay of the mean of squared gradients.</param>
public sealed record NAdam(double Rate, double Beta1 = 0.9, double Beta2 = 0.999) : StepRule
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => [.. Positive(Rate, "rate"), .. AdamStepper.Faults(Beta1, Beta2)];

    /// <inheritdoc/>
    internal override Stepper Begin(double fieldShare, double pixelShare) => new AdamStepper(Rate, Beta1, Beta2, isNesterov: true);
}
