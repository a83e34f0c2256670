using System.Text.Json;

namespace VizPipeline.Jobs;

/// <summary>
/// What planning needs to know about a recipe, read from arbitrary JSON: any client may send a spec, and the worker that fully parses
/// recipes sees it only later.
/// </summary>
/// <param name="Json">The recipe; undefined if there is none.</param>
internal readonly record struct RecipeView(JsonElement Json)
{
    private const int MostFacets = 16;
    private const int MostViews = 64;

    public bool Exists => Json.ValueKind == JsonValueKind.Object;

    /// <summary>Pictures per neuron, 1 to 16.</summary>
    public int Facets => Property(Json, "diversity") is { ValueKind: JsonValueKind.Object } diversity ? Math.Clamp(
        Whole(Property(diversity, "facets")) ?? 1, 1, MostFacets) : 1;

    /// <summary>Views per image and step, 1 to 64.</summary>
    public int Views => Property(Json, "transformations") is { ValueKind: JsonValueKind.Array } parts
        ? Math.Clamp(parts.EnumerateArray().Select(part => Whole(Property(part, "views")) ?? 1).DefaultIfEmpty(1).Max(), 1, MostViews) : 1;

    /// <summary>Gets an integer by name; null if it is missing or not an integer.</summary>
    public int? Number(string name) => Whole(Property(Json, name));

    /// <summary>Gets the kind of a part; null if it has none.</summary>
    public string? KindOf(string part)
        => Property(Property(Json, part) ?? default, "kind") is { ValueKind: JsonValueKind.String } kind ? kind.GetString() : null;

    /// <summary>Explains why an atlas cannot use the recipe, worded to follow its name; null if planning finds no fault.</summary>
    public string? Fault(int mostSteps)
    {
        if (Number("steps") is not { } steps || steps < 1 || steps > mostSteps)
            return $"must have 1 to {mostSteps} steps";
        if (KindOf("objective") is { } objective and not ("neuron" or "channel"))
            return $"has the objective {objective}, which is not one neuron's; an atlas takes neuron or channel";
        return KindOf("start") == "picture" ? "starts from a picture, which an atlas has not" : null;
    }

    private static JsonElement? Property(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : null;

    private static int? Whole(JsonElement? json)
        => json is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : null;
}
