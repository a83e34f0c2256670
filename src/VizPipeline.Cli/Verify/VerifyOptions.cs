namespace VizPipeline.Cli.Verify;

/// <summary>How much of an atlas is computed again, and where its model and images lie now.</summary>
internal sealed record VerifyOptions
{
    /// <summary>Neurons drawn, 1 or more.</summary>
    public int Neurons { get; init; } = 24;

    /// <summary>Seed of the draw.</summary>
    public int Seed { get; init; }

    /// <summary>The model's file, where it has moved.</summary>
    public string? Model { get; init; }

    /// <summary>The weights' file, where it has moved.</summary>
    public string? Weights { get; init; }

    /// <summary>The images' folder, where it has moved.</summary>
    public string? Images { get; init; }
}

/// <summary>What a verification did, and every disagreement in one line each.</summary>
internal sealed record Verification(int Neurons, int Patches, int Images, int Pictures, IReadOnlyList<string> Findings);
