using System.Text.Json.Serialization;

namespace VizPipeline.Jobs;

/// <summary>A dictionary on a layer, in the plain layout of docs/dictionaries.md.</summary>
public sealed record DictionarySpec
{
    /// <summary>Name of the layer that it reads.</summary>
    public required string Layer { get; init; }

    /// <summary>Its name; its own layer is called <see cref="Layer"/>@<see cref="Name"/>.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 (hex) of its file.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Key of its file in the object store; null if it is one of the atlas's own objects.</summary>
    public string? Key { get; init; }

    /// <summary>What it is, in words, e.g. <c>TopK 32 of 4,096 features, SAELens, sae.safetensors</c>.</summary>
    public string Description { get; init; } = "";

    /// <summary>The name of its layer.</summary>
    [JsonIgnore]
    public string LayerName => $"{Layer}@{Name}";

    /// <summary>Returns the key of its file.</summary>
    public string KeyIn(string atlasId) => Key ?? AtlasKeys.Dictionary(atlasId, Sha256);

    /// <summary>Returns every fault, one sentence each.</summary>
    internal IEnumerable<string> Faults()
    {
        if (!IsHash(Sha256))
            yield return $"dictionary '{Name}' needs its file's SHA-256 in lower-case hex";
        if (Layer.Length == 0 || Name.Length == 0 || Name.Contains('@', StringComparison.Ordinal))
            yield return "a dictionary needs a layer and a name without '@'";
    }

    private static bool IsHash(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}
