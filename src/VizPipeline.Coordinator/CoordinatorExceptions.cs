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
    internal static AtlasConflictException OtherSettings(string place, AtlasSpec stored, AtlasSpec asked) => new(
        $"{place} holds atlas '{stored.Id}' with other settings ({string.Join(", ", stored.DifferencesTo(asked))}): "
        + "use the same settings to go on with it, or another folder or id for a new atlas.");

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
