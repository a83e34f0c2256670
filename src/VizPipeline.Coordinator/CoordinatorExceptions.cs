using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>A spec that cannot be planned.</summary>
public sealed class InvalidAtlasSpecException(IReadOnlyList<string> faults)
    : Exception($"The atlas cannot be planned: {string.Join("; ", faults)}.")
{
    /// <summary>The faults, one sentence each.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}

/// <summary>The catalog already holds another atlas where this one would be stored.</summary>
public sealed class AtlasConflictException(string message) : Exception(message)
{
    /// <summary>The catalog holds the atlas with settings that the other ones would change.</summary>
    internal static AtlasConflictException OtherSettings(string place, AtlasSpec stored, AtlasSpec asked, JoinedImages? images) => new(
        $"{place} holds atlas '{stored.Id}' with other settings ({string.Join(", ", AtlasGrowth.FindConflicts(stored, asked, images))}): "
        + "use the same settings to go on with it, with more images, layers, methods, ascent recipes or seeds if you like; or another "
        + "--name, and on one machine another --out, for a new atlas.");

    internal static AtlasConflictException OtherImages(string place, AtlasSpec stored, string fault) => new(
        $"{place} holds atlas '{stored.Id}' with other images: {fault}; or use another --name, and on one machine another --out, for a new "
        + "atlas.");

    internal static AtlasConflictException OtherAtlas(string place, string stored, string asked) => new(
        $"{place} holds atlas '{stored}', not '{asked}': use another folder for a new atlas.");
}

/// <summary>The catalog has no atlas with this id.</summary>
public sealed class AtlasNotFoundException(string place, string atlasId) : Exception($"{place} holds no atlas '{atlasId}'.")
{
    /// <summary>The requested id.</summary>
    public string AtlasId { get; } = atlasId;
}

/// <summary>The coordinator cannot continue, for example because the catalog's disk is full. The atlas can be resumed.</summary>
public sealed class CoordinatorStoppedException(string message, Exception inner) : Exception(message, inner);
