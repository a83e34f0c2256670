using System.Text.Json;

namespace VizPipeline.Atlas.Export;

/// <summary>Converts enum values to the names used in the catalog's tables and views.</summary>
internal static class EnumText
{
    /// <summary>Returns the name of a value in snake case, such as <c>completed_with_failures</c>.</summary>
    public static string ToSnakeCase<T>(T value)
        where T : struct, Enum
        => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
