using System.Text.Json;

namespace VizPipeline.Images;

/// <summary>Says what is wrong with a user's JSON without the reader's own messages, which name types of this program.</summary>
public static class JsonFaults
{
    /// <summary>Returns where the fault is, counted from 1, e.g. "line 3, column 12 ($[2].index)".</summary>
    public static string Locate(JsonException fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        var path = fault.Path is { Length: > 1 } inner ? $" ({inner})" : "";
        return fault is { LineNumber: { } line, BytePositionInLine: { } column }
            ? $"line {line + 1}, column {column + 1}{path}" : path.Trim();
    }
}
