namespace VizPipeline.Cli.Verify;

/// <summary>The size of the sample to compute again, and the current locations of model and images.</summary>
internal sealed record VerifyOptions
{
    /// <summary>The number of neurons to draw, 1 or more.</summary>
    public int Neurons { get; init; } = 24;

    /// <summary>The seed of the random draw.</summary>
    public int Seed { get; init; }

    /// <summary>The model file, if it has moved.</summary>
    public string? Model { get; init; }

    /// <summary>The weights file, if it has moved.</summary>
    public string? Weights { get; init; }

    /// <summary>The image folder, if it has moved.</summary>
    public string? Images { get; init; }
}

/// <summary>The extent of a verification, and its findings, one line each.</summary>
internal sealed record Verification(int Neurons, int Patches, int Images, int Pictures, IReadOnlyList<string> Findings);
