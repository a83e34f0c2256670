using System.Text.Json;

namespace VizPipeline.Web.Export;

/// <summary>Names of states as the catalog's tables and views have them.</summary>
internal static class EnumText
{
    /// <summary>A value's name, such as <c>completed_with_failures</c>.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum
        => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
