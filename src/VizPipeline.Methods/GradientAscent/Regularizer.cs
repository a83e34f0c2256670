using System.Text.Json.Serialization;
using TorchSharp;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>
/// One of the operators r_theta of Yosinski et al. 2015 that make an image more natural after each step (docs/methods.md, section 3).
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(L2Decay), "l2_decay")]
[JsonDerivedType(typeof(Blur), "blur")]
[JsonDerivedType(typeof(SmallNormClipping), "small_norm_clipping")]
[JsonDerivedType(typeof(SmallContributionClipping), "small_contribution_clipping")]
public abstract record Regularizer : IRecipePart
{
    /// <inheritdoc/>
    public abstract IEnumerable<string> Faults();

    /// <summary>Returns the regularised images.</summary>
    /// <param name="images">[N, C, H, W], 0-255 units, mean-subtracted, after the step.</param>
    /// <param name="gradient">[N, C, H, W], the gradient of the objective before the step.</param>
    /// <param name="step">Number of the step, from 0.</param>
    public abstract torch.Tensor Apply(torch.Tensor images, torch.Tensor gradient, int step);

    /// <summary>Returns the regularizer for a layer whose receptive field has this smaller side, in pixels.</summary>
    internal virtual Regularizer ForField(double side) => this;

    /// <summary>The share of the contrast that it removes per step, on average; see <see cref="AscentPresets.StepLength"/>.</summary>
    internal virtual double LossPerStep => 0;

    /// <summary>The share of the pixels that it does not set to zero.</summary>
    internal virtual double KeptShare => 1;
}

/// <summary>L2 decay: multiplies by 1 - <paramref name="Decay"/>, which penalises large values (theta_decay).</summary>
public sealed record L2Decay(double Decay) : Regularizer
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults()
    {
        if (Decay is not (>= 0 and < 1))
            yield return $"l2_decay's decay must be 0 or more and below 1, not {Decay}";
    }

    /// <inheritdoc/>
    public override torch.Tensor Apply(torch.Tensor images, torch.Tensor gradient, int step) => images.Times(1 - Decay);

    /// <inheritdoc/>
    internal override double LossPerStep => Decay;
}

/// <summary>
/// Gaussian blur with a standard deviation of <paramref name="Sigma"/> pixels every <paramref name="Every"/> steps, including the first:
/// penalises high frequencies (theta_b). In receptive fields below 11 pixels it is weaker in proportion.
/// </summary>
public sealed record Blur(double Sigma, int Every) : Regularizer
{
    private const double WaveLength = 8;

    // The first layer of CaffeNet, for which the published presets were chosen. In a field of 3 pixels a blur of 1 leaves hardly anything
    // but the mean, so that the image excites the neuron less than an ordinary photograph.
    private const double UsualField = 11;

    /// <inheritdoc/>
    public override IEnumerable<string> Faults()
    {
        if (Sigma is not (> 0 and <= 100))
            yield return $"blur's sigma must be above 0 and at most 100 pixels, not {Sigma}";
        if (Every < 1)
            yield return $"blur's every must be 1 or more steps, not {Every}";
    }

    /// <inheritdoc/>
    public override torch.Tensor Apply(torch.Tensor images, torch.Tensor gradient, int step) =>
        step % Every == 0 ? GaussianBlur.Apply(images, Sigma) : images.alias();

    /// <inheritdoc/>
    internal override Regularizer ForField(double side) => side < UsualField ? this with { Sigma = Sigma * side / UsualField } : this;

    /// <summary>What the blur removes from a wave of <see cref="WaveLength"/> pixels.</summary>
    internal override double LossPerStep => (1 - Math.Exp(-2 * Math.Pow(Math.PI * Sigma / WaveLength, 2))) / Every;
}

/// <summary>Zeroes pixels whose colour norm is below the image's percentile <paramref name="Percentile"/> (theta_n).</summary>
public sealed record SmallNormClipping(double Percentile) : Regularizer
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => PixelClipping.Faults(Percentile, "small_norm_clipping");

    /// <inheritdoc/>
    public override torch.Tensor Apply(torch.Tensor images, torch.Tensor gradient, int step) =>
        PixelClipping.ZeroBelow(images, images.square().sum(1, keepdim: true).sqrt(), Percentile);

    /// <inheritdoc/>
    internal override double KeptShare => 1 - (Percentile / 100);
}

/// <summary>
/// Zeroes pixels whose contribution |sum over colours of gradient * (-x)|, the first-order effect of zeroing them on the objective, is
/// below the image's percentile <paramref name="Percentile"/> (theta_c).
/// </summary>
public sealed record SmallContributionClipping(double Percentile) : Regularizer
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => PixelClipping.Faults(Percentile, "small_contribution_clipping");

    /// <inheritdoc/>
    public override torch.Tensor Apply(torch.Tensor images, torch.Tensor gradient, int step) =>
        PixelClipping.ZeroBelow(images, (gradient * images).sum(1, keepdim: true).abs(), Percentile);

    /// <inheritdoc/>
    internal override double KeptShare => 1 - (Percentile / 100);
}

internal static class PixelClipping
{
    public static IEnumerable<string> Faults(double percentile, string kind)
    {
        if (percentile is not (>= 0 and <= 100))
            yield return $"{kind}'s percentile must be 0 to 100, not {percentile}";
    }

    /// <summary>
    /// Zeroes the pixels of [N, C, H, W] whose measure [N, 1, H, W] is strictly below its percentile, linearly interpolated, per image.
    /// </summary>
    public static torch.Tensor ZeroBelow(torch.Tensor images, torch.Tensor measure, double percentile)
    {
        var flat = measure.reshape(measure.shape[0], -1);
        // Two selections instead of torch's quantile, which sorts: the percentile lies between two adjacent order statistics.
        var position = percentile / 100 * (flat.shape[1] - 1);
        var below = (long)Math.Floor(position);
        var (low, _) = torch.kthvalue(flat, below + 1, 1, keepdim: true);
        var (high, _) = torch.kthvalue(flat, Math.Min(below + 2, flat.shape[1]), 1, keepdim: true);
        var threshold = low.Plus((high - low).Times(position - below)).reshape(-1, 1, 1, 1);
        return images * measure.ge(threshold);
    }
}
