namespace VizPipeline.Methods.GradientAscent;

/// <summary>Data that some recipes need besides the network. Planes are [C, H, W] in 0-255, in the network's channel order.</summary>
public sealed record AscentMaterial
{
    /// <summary>
    /// Returns the mean of a neuron's top-9 patches as planes of the size of <see cref="AscentRun.Box"/>, or null if it has none; used by
    /// <see cref="TopPatchesStart"/>.
    /// </summary>
    public Func<int, float[]?>? TopPatches { get; init; }

    /// <summary>
    /// An image of the input's size; used by <see cref="PictureStart"/>, <see cref="InversionObjective"/> and
    /// <see cref="CaricatureObjective"/>.
    /// </summary>
    public float[]? Picture { get; init; }

    /// <summary>Magnitudes of natural images for <see cref="MacoParametrization"/>; null for a 1/f spectrum.</summary>
    public NaturalSpectrum? Spectrum { get; init; }
}

/// <summary>A recipe needs data that was not provided. The message is one line that names it.</summary>
public sealed class AscentMaterialException(string message) : Exception(message);
