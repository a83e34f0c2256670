using System.Text.Json.Serialization;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>Where an ascent starts. Noise is added in the units of what is optimised.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoiseStart), "noise")]
[JsonDerivedType(typeof(TopPatchesStart), "top_patches")]
[JsonDerivedType(typeof(PictureStart), "picture")]
public abstract record AscentStart : IRecipePart
{
    /// <inheritdoc/>
    public abstract IEnumerable<string> Faults();

    private protected static IEnumerable<string> NotNegative(double value, string name)
    {
        if (value is not (>= 0 and <= 1000))
            yield return $"start's {name} must be 0 to 1000, not {value}";
    }
}

/// <summary>The mean image plus normal noise.</summary>
/// <param name="Deviation">Standard deviation of the noise in grey levels; 0 for none. Spectra have their own noise.</param>
public sealed record NoiseStart(double Deviation) : AscentStart
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => NotNegative(Deviation, "deviation");
}

/// <summary>The mean of the neuron's top-9 patches (Nguyen et al. 2016, "Multifaceted Feature Visualization") plus noise.</summary>
/// <param name="Deviation">Standard deviation of the noise in grey levels.</param>
public sealed record TopPatchesStart(double Deviation = 0) : AscentStart
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => NotNegative(Deviation, "deviation");
}

/// <summary>A given image plus noise.</summary>
/// <param name="Deviation">Standard deviation of the noise in grey levels.</param>
public sealed record PictureStart(double Deviation = 0) : AscentStart
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => NotNegative(Deviation, "deviation");
}
