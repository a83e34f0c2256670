namespace VizPipeline.Catalog;

/// <summary>One picture of a neuron or of a layer.</summary>
public sealed class Picture
{
    /// <summary>The layer.</summary>
    public int LayerId { get; set; }

    /// <summary>The channel; -1 for a picture of the whole layer.</summary>
    public int Channel { get; set; }

    /// <summary><c>top9</c>, <c>deconv</c>, <c>ascent</c>, <c>facets</c> or <c>filters</c>.</summary>
    public required string Method { get; set; }

    /// <summary>Distinguishes pictures of one method; empty if there is only one.</summary>
    public required string Variant { get; set; }

    /// <summary>The random seed; 0 if the method is deterministic.</summary>
    public int Seed { get; set; }

    /// <summary>Key in the object store; null if no picture was drawn.</summary>
    public string? Key { get; set; }

    /// <summary>All parameters, as JSON.</summary>
    public required string Parameters { get; set; }

    /// <summary><c>done</c>, <c>dead</c>, <c>converged</c> or <c>best_at_step</c>.</summary>
    public required string Status { get; set; }

    /// <summary>The activation for this picture.</summary>
    public double? Activation { get; set; }

    /// <summary>Percentile of that activation among those of the images, from 0 to 100.</summary>
    public double? Percentile { get; set; }

    /// <summary>The step at which the stored picture was taken.</summary>
    public int? BestStep { get; set; }

    /// <summary>Number of steps done.</summary>
    public int? Steps { get; set; }

    /// <summary>The objective by step, at most 64 points.</summary>
    public required float[] Objective { get; set; }
}
