using System.Text.Json.Nodes;

namespace VizPipeline.Tests.Deployment;

/// <summary>Reads the values of a release: the chart's defaults, overridden by those of a set.</summary>
internal static class ChartValues
{
    public static JsonObject Own => Yaml.Read(Path.Combine(Helm.Chart, "values.yaml")).AsObject();

    public static JsonObject Of(string valueSet)
        => Merge(Own, Yaml.Read(Path.Combine(Helm.Chart, "ci", valueSet + "-values.yaml")).AsObject());

    /// <summary>Returns the paths of all values, except those inside lists.</summary>
    public static IEnumerable<string> Paths(JsonObject values, string prefix = "") => values.SelectMany(pair =>
    {
        var path = prefix + pair.Key.Replace(".", "\\.", StringComparison.Ordinal);
        return pair.Value is JsonObject inner ? Paths(inner, path + ".").Prepend(path) : [path];
    });

    private static JsonObject Merge(JsonObject below, JsonObject above)
    {
        foreach (var (key, value) in above.ToList())
            below[key] = value is JsonObject inner && below[key] is JsonObject own
                ? Merge(own.DeepClone().AsObject(), inner)
                : value?.DeepClone();
        return below;
    }
}
