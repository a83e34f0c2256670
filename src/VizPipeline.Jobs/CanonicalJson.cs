using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace VizPipeline.Jobs;

/// <summary>
/// Writes JSON in a canonical form: properties sorted by name, no spaces. Records with the same content have the same hash.
/// </summary>
public static class CanonicalJson
{
    /// <summary>Computes the SHA-256 (lower-case hex) of the canonical form of a value.</summary>
    public static string Hash<T>(T value) => Convert.ToHexStringLower(SHA256.HashData(Bytes(value)));

    /// <summary>Returns the canonical form as UTF-8.</summary>
    public static byte[] Bytes<T>(T value)
        => JsonSerializer.SerializeToUtf8Bytes(Sorted(JsonSerializer.SerializeToNode(value, VizJson.Options)), VizJson.Options);

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members
            .OrderBy(member => member.Key, StringComparer.Ordinal)
            .Select(member => KeyValuePair.Create(member.Key, Sorted(member.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
