using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace VizPipeline.Tests.Deployment;

/// <summary>Reads YAML as JSON, with anchors and merges resolved and scalars typed as in YAML 1.2.</summary>
internal static partial class Yaml
{
    public static JsonNode Read(string path) => Assert.Single(Documents(File.ReadAllText(path)));

    public static IReadOnlyList<JsonNode> Documents(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        // A template that is switched off leaves a document that contains only comments.
        return [.. stream.Documents.Select(document => Convert(document.RootNode)).OfType<JsonNode>()];
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map => Merged(map),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar => Typed(scalar.Value ?? ""),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new NotSupportedException($"a node of YAML of the type {node.NodeType}"),
    };

    private static JsonObject Merged(YamlMappingNode map)
    {
        var result = new JsonObject();
        foreach (var source in map.Children.Where(IsMerge).SelectMany(
            pair => pair.Value is YamlSequenceNode list ? list.Reverse() : [pair.Value]))
            Put(Merged((YamlMappingNode)source));
        Put(map.Children.Where(pair => !IsMerge(pair)).Select(
            pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Convert(pair.Value))));
        return result;

        void Put(IEnumerable<KeyValuePair<string, JsonNode?>> pairs)
        {
            // Later merges override earlier ones; the map's own keys override all.
            foreach (var (key, value) in pairs)
                result[key] = value?.DeepClone();
        }

        static bool IsMerge(KeyValuePair<YamlNode, YamlNode> pair) => pair.Key is YamlScalarNode { Value: "<<" };
    }

    private static JsonValue? Typed(string text) => text switch
    {
        "" or "~" or "null" => null,
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        _ when Integer().IsMatch(text) => JsonValue.Create(long.Parse(text, CultureInfo.InvariantCulture)),
        _ when Decimal().IsMatch(text) => JsonValue.Create(double.Parse(text, CultureInfo.InvariantCulture)),
        _ => JsonValue.Create(text),
    };

    [GeneratedRegex(@"^[-+]?[0-9]{1,18}$")]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?[0-9]+\.[0-9]+$")]
    private static partial Regex Decimal();
}
