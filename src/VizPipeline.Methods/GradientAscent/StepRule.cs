using System.Text.Json.Serialization;
using TorchSharp;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>How far a step goes along the gradient (METHODS 3).</summary>
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

    /// <summary>The rule with its memory of earlier steps, at the first step of a batch.</summary>
    /// <param name="fieldShare">Side of the layer's receptive field as a share of the input's, above 0, at most 1.</param>
    /// <param name="pixelShare">One pixel as a share of the input's side.</param>
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
    /// <summary>The learning rate of each image.</summary>
    /// <param name="squaredNorms">Squared L2 norm of each image's gradient, [N], above 0 for images that still run.</param>
    /// <param name="values">Values per image, C * H * W of pixels.</param>
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
    public override torch.Tensor Rates(torch.Tensor squaredNorms, long values) => torch.full_like(squaredNorms, Scalars.Of(Rate));
}

/// <summary>The rate that would raise the objective by <paramref name="Desired"/> were it linear, Desired / norm^2, at most <paramref name="Max"/>.</summary>
public sealed record ProgressRate(double Max, double Desired) : RateRule
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => [.. Positive(Max, "max"), .. Positive(Desired, "desired")];

    /// <inheritdoc/>
    public override torch.Tensor Rates(torch.Tensor squaredNorms, long values) => (Scalars.Of(Desired) / squaredNorms).clamp(max: Scalars.Of(Max));
}

/// <summary>
/// Steps of one length: a root mean square change of <paramref name="RmsPixels"/> grey levels, whatever the scale of the network's
/// gradients. The published rates are CaffeNet's; this is how the presets carry over to other networks.
/// </summary>
public sealed record NormalisedRate(double RmsPixels) : RateRule
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => Positive(RmsPixels, "rms_pixels");

    /// <inheritdoc/>
    public override torch.Tensor Rates(torch.Tensor squaredNorms, long values) => Scalars.Of(RmsPixels * Math.Sqrt(values)) / squaredNorms.sqrt();
}

/// <summary>Adam (Kingma and Ba 2014, algorithm 1), upwards.</summary>
/// <param name="Rate">Step size, in the units of what is optimised.</param>
/// <param name="Beta1">Decay of the mean of gradients.</param>
/// <param name="Beta2">Decay of the mean of squared gradients.</param>
/// <param name="SmallFields">
/// The rate is so many times as large at a layer whose receptive field is one pixel, falling with the logarithm of the field's side to once where
/// it is half of the input's: early layers want more contrast than a spectrum reaches in the steps that later ones need.
/// </param>
public sealed record Adam(double Rate, double Beta1 = 0.9, double Beta2 = 0.999, double SmallFields = 1) : StepRule
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => [.. Positive(Rate, "rate"), .. Positive(SmallFields, "small_fields"), .. AdamStepper.Faults(Beta1, Beta2)];

    /// <inheritdoc/>
    internal override Stepper Begin(double fieldShare, double pixelShare) => new AdamStepper(RateAt(fieldShare, pixelShare), Beta1, Beta2, isNesterov: false);

    /// <summary>The rate at a layer, see <see cref="SmallFields"/>.</summary>
    internal double RateAt(double fieldShare, double pixelShare) =>
        Rate * (1 + ((SmallFields - 1) * Math.Clamp(Math.Log(2 * fieldShare) / Math.Log(Math.Min(2 * pixelShare, 0.5)), 0, 1)));
}

/// <summary>Adam with Nesterov's momentum (Dozat 2016), upwards.</summary>
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
