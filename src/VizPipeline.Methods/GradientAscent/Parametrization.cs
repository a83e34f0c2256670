using System.Text.Json.Serialization;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>What an ascent optimises, from which its image is made.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(PixelParametrization), "pixels")]
[JsonDerivedType(typeof(FourierParametrization), "fourier")]
[JsonDerivedType(typeof(MacoParametrization), "maco")]
public abstract record Parametrization : IRecipePart
{
    /// <inheritdoc/>
    public abstract IEnumerable<string> Faults();

    /// <summary>The images of a batch at their start.</summary>
    internal abstract AscentImages Begin(AscentBatch batch);
}

/// <summary>The pixels themselves, in 0-255 units, mean-subtracted (METHODS 3).</summary>
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
/// <param name="Deviation">Standard deviation of the spectrum's start.</param>
/// <param name="Decorrelated">Whether colours are decorrelated; networks of other than three channels always do without.</param>
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
/// <param name="Transparency">Whether pixels that never mattered fade to grey in the picture.</param>
public sealed record MacoParametrization(bool Transparency = true) : Parametrization
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => [];

    /// <inheritdoc/>
    internal override AscentImages Begin(AscentBatch batch) => new MacoImages(this, batch);
}
