namespace VizPipeline.Methods.GradientAscent;

/// <summary>What some recipes need besides the network. Planes are [C, H, W] in 0-255, in the network's channel order.</summary>
public sealed record AscentMaterial
{
    /// <summary>
    /// The mean of a neuron's top-9 patches as planes of the size of <see cref="AscentRun.Box"/>, or null where it has none;
    /// for <see cref="TopPatchesStart"/>.
    /// </summary>
    public Func<int, float[]?>? TopPatches { get; init; }

    /// <summary>One picture of the input's size: for <see cref="PictureStart"/>, <see cref="InversionObjective"/> and <see cref="CaricatureObjective"/>.</summary>
    public float[]? Picture { get; init; }

    /// <summary>The magnitudes of natural images, for <see cref="MacoParametrization"/>; null for those of a 1/f spectrum.</summary>
    public NaturalSpectrum? Spectrum { get; init; }
}

/// <summary>A recipe needs something that is not there. The message is one line that names it.</summary>
public sealed class AscentMaterialException(string message) : Exception(message);
