namespace VizPipeline.Jobs;

/// <summary>What is made of every neuron. Stored by name: names are only ever added.</summary>
[Flags]
public enum AtlasMethods
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The nine patches with the largest activation, and the statistics of the same pass.</summary>
    Top9 = 1,

    /// <summary>The deconvolutions of those nine patches.</summary>
    Deconv = 2,

    /// <summary>Regularized gradient ascent.</summary>
    Ascent = 4,

    /// <summary>The weights: of convolutions as tiles, of all layers the links between neurons.</summary>
    Filters = 8,

    /// <summary>All of them.</summary>
    All = Top9 | Deconv | Ascent | Filters,
}
