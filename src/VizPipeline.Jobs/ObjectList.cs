namespace VizPipeline.Jobs;

/// <summary>
/// The objects of an atlas that has ended, with the SHA-256 of each in lower-case hexadecimal digits. Written under
/// <see cref="AtlasKeys.ObjectList"/>; the manifest contains the hash of this list.
/// </summary>
/// <param name="Objects">Hashes by key, without the atlas's root.</param>
public sealed record ObjectList(IReadOnlyDictionary<string, string> Objects)
{
    /// <summary>The version of this schema.</summary>
    public int Schema { get; init; } = 1;
}
