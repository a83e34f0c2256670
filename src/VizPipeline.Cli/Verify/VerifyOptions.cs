namespace VizPipeline.Cli.Verify;

/// <summary>The size of the sample to compute again, and the current locations of model and images.</summary>
internal sealed record VerifyOptions
{
    /// <summary>The number of neurons to draw, 1 or more.</summary>
    public int Neurons { get; init; } = 24;

    /// <summary>The seed of the random draw.</summary>
    public int Seed { get; init; }

    /// <summary>Whether to compute only the images of the sample's patches and a few others, and not the statistics.</summary>
    public bool IsQuick { get; init; }

    /// <summary>The model file, if it has moved.</summary>
    public string? Model { get; init; }

    /// <summary>The weights file, if it has moved.</summary>
    public string? Weights { get; init; }

    /// <summary>The image folder, if it has moved.</summary>
    public string? Images { get; init; }
}

/// <summary>The extent of a verification, and its findings, one line each.</summary>
internal sealed record Verification
{
    /// <summary>The number of neurons that were computed again.</summary>
    public int Neurons { get; init; }

    /// <summary>The number of neurons in the atlas.</summary>
    public long AllNeurons { get; init; }

    /// <summary>The number of their patches.</summary>
    public int Patches { get; init; }

    /// <summary>The number of images that they were computed on.</summary>
    public int Images { get; init; }

    /// <summary>Whether their statistics were compared.</summary>
    public bool HasStatistics { get; init; }

    /// <summary>The number of neurons whose statistics were compared with the tables that the run wrote.</summary>
    public int InTables { get; init; }

    /// <summary>The number of pictures that were drawn again.</summary>
    public int Redrawn { get; init; }

    /// <summary>The number of pictures that were read.</summary>
    public int Pictures { get; init; }

    /// <summary>The number of objects whose hashes were compared; null if the atlas has no list of them.</summary>
    public int? Objects { get; init; }

    /// <summary>What does not agree.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>Says in lines what was checked, what was not, and the result.</summary>
    public IEnumerable<string> Describe()
    {
        yield return
            $"{Neurons:N0} neurons with {Patches:N0} patches computed again on {Images:N0} images, {Pictures:N0} pictures read: "
            + (Findings.Count == 0 ? "all agree" : $"{Findings.Count:N0} disagreements");
        var (yes, no) = (new List<string> { "spec, image list and network files" }, new List<string>());
        (Neurons > 0 ? yes : no).Add("activations, positions and boxes of the sample");
        (HasStatistics ? yes : no).Add("its statistics over all images");
        (Redrawn > 0 ? yes : no).Add(
            Redrawn > 0 ? $"{Redrawn:N0} pictures of patches, deconvolutions and facets, drawn again" : "its pictures");
        (Objects is null ? no : yes).Add(
            Objects is { } count ? $"SHA-256 of {count:N0} objects" : "SHA-256 of objects (the atlas has no objects.json)");
        if (InTables > 0)
            yes.Add($"statistics of {InTables:N0} neurons against the tables of the merges");
        no.Add($"the other {AllNeurons - Neurons:N0} neurons, by computing them again");
        no.Add(Objects is null ? "contents of ascents, filters and sheets" : "ascents, filters and sheets beyond their SHA-256");
        yield return $"checked: {string.Join("; ", yes)}";
        yield return $"not checked: {string.Join("; ", no)}";
    }
}
