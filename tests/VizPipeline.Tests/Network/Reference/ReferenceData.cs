using System.IO.Compression;
using System.Text.Json.Nodes;
using VizPipeline.Network.Formats;

namespace VizPipeline.Tests.Network.Reference;

/// <summary>The files of reference values, which lie in the test assembly.</summary>
internal static class ReferenceData
{
    /// <summary>Logits and inner values of torchvision's networks.</summary>
    public static JsonNode Networks { get; } = Json("reference.json.gz");

    /// <summary>State dicts and official weights of torchvision's networks.</summary>
    public static JsonNode Shapes { get; } = Json("shapes.json.gz");

    /// <summary>The state dict of one of torchvision's networks, names and shapes.</summary>
    public static IEnumerable<FloatTensor> StateDict(string name)
        => Shapes["models"]!.AsArray().First(model => (string)model!["name"]! == name)!["state"]!.AsArray().Select(
            entry => FloatTensor.Placeholder((string)entry![0]!, [.. entry.AsArray().Skip(1).Select(extent => (int)extent!)]));

    /// <summary>The archive of exported networks.</summary>
    public static ZipArchive Exports() => new(Open("exports.zip"), ZipArchiveMode.Read);

    /// <summary>The numbers of an array.</summary>
    public static double[] Numbers(JsonNode? array) => [.. array!.AsArray().Select(number => (double)number!)];

    private static JsonNode Json(string name)
    {
        using var unpacked = new GZipStream(Open(name), CompressionMode.Decompress);
        return JsonNode.Parse(unpacked)!;
    }

    private static Stream Open(string name)
        => typeof(ReferenceData).Assembly.GetManifestResourceStream(name) ?? throw new FileNotFoundException(name);
}
