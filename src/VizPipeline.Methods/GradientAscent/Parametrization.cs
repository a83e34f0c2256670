using System.Text.Json.Serialization;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>The parameters that an ascent optimises and from which its image is computed.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(PixelParametrization), "pixels")]
[JsonDerivedType(typeof(FourierParametrization), "fourier")]
[JsonDerivedType(typeof(MacoParametrization), "maco")]
public abstract record Parametrization : IRecipePart
{
    /// <inheritdoc/>
    public abstract IEnumerable<string> Faults();

    /// <summary>Creates the images of a batch at the start.</summary>
    internal abstract AscentImages Begin(AscentBatch batch);
}

/// <summary>The pixels themselves, in units of the 0-255 range, mean-subtracted (docs/methods.md, section 3).</summary>
public sealed record PixelParametrization : Parametrization
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => [];

    /// <inheritdoc/>
    internal override AscentImages Begin(AscentBatch batch) => new PixelImages(batch);
}

/// <summary>
/// A spectrum whose frequencies have equal energy, in decorrelated colours, through a sigmoid (Olah et al. 2017, "Preconditioning").
/// </summary>
/// <param name="Deviation">Standard deviation of the initial spectrum.</param>
/// <param name="Decorrelated">Whether colours are decorrelated; has no effect unless the network has three channels.</param>
public sealed record FourierParametrization(double Deviation = 0.01, bool Decorrelated = true) : Parametrization
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults()
    {
        if (Deviation is not (>= 0 and <= 100))
            yield return $"fourier's deviation must be 0 to 100, not {Deviation}";
    }

    /// <inheritdoc/>
    internal override AscentImages Begin(AscentBatch batch) => new FourierImages(this, batch);
}

/// <summary>The phases of a spectrum with the magnitudes of natural images (Fel et al. 2023, MACO).</summary>
/// <param name="Transparency">Whether pixels that did not contribute fade to grey in the result.</param>
public sealed record MacoParametrization(bool Transparency = true) : Parametrization
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => [];

    /// <inheritdoc/>
    internal override AscentImages Begin(AscentBatch batch) => new MacoImages(this, batch);
}
