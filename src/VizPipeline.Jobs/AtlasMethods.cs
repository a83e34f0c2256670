namespace VizPipeline.Jobs;

/// <summary>What is computed for every neuron. Stored by name: add names, but never rename or remove one.</summary>
[Flags]
public enum AtlasMethods
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The nine patches with the largest activations, and the statistics from the same pass.</summary>
    Top9 = 1,

    /// <summary>The deconvolutions of those nine patches.</summary>
    Deconv = 2,

    /// <summary>Regularized gradient ascent.</summary>
    Ascent = 4,

    /// <summary>
    /// The facets into which the top 100 images of a neuron divide, each with patches, a mean picture and an ascent of its own.
    /// </summary>
    Facets = 16,

    /// <summary>The weights: convolution kernels as tiles, and for all layers the links between neurons.</summary>
    Filters = 8,

    /// <summary>What is computed unless something else is chosen.</summary>
    All = Top9 | Deconv | Ascent | Filters,
}
