using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Import;
using VizPipeline.Tests.Network.Formats;

namespace VizPipeline.Tests.Network.Reference;

/// <summary>Networks of torchvision and timm as PyTorch's two exporters write them, against ONNX Runtime's logits.</summary>
public class ExportedNetworkTests
{
    private static readonly JsonNode Exports = ReadList();

    // What is still refused, and by which operator. Whoever teaches the importer one takes it from here.
    private static readonly Dictionary<string, string> Refused = new(StringComparer.Ordinal)
    {
        ["timm-edgenext_xx_small-script.onnx"] = "CumSum",
    };

    private static IEnumerable<string> AllFiles => Exports["exports"]!.AsArray().Select(export => (string)export!["file"]!)
        .Order(StringComparer.Ordinal);

    public static TheoryData<string> Files { get; } = [.. AllFiles.Except(Refused.Keys)];

    public static TheoryData<string> RefusedFiles { get; } = [.. Refused.Keys];

    [Theory, MemberData(nameof(Files))]
    public void An_exported_network_computes_what_ONNX_Runtime_computes(string file)
    {
        using var folder = new TempFolder();
        var export = Unpack(file, folder);
        var graph = NetworkLoader.Load(folder.Path(file));
        var size = (int)export["size"]!;
        using var runner = new NetworkRunner(graph);
        using var picture = torch.tensor(ReferenceFormula.Picture(size), [1, 3, size, size]).ChannelsLast();
        using var logits = runner.Forward(picture, graph.Output);
        TorchvisionTests.Compare(export["onnxruntime"]!, logits.ToArray(), 1e-3);
    }

    [Theory, MemberData(nameof(RefusedFiles))]
    public void What_cannot_be_read_names_the_node_and_the_operator(string file)
    {
        using var folder = new TempFolder();
        Unpack(file, folder);
        var refusal = Assert.Single(NetworkLoader.Load(folder.Path(file)).Notes);
        Assert.Contains($"operator '{Refused[file]}'", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal);
    }

    private static JsonNode Unpack(string file, TempFolder folder)
    {
        var export = Exports["exports"]!.AsArray().First(entry => (string)entry!["file"]! == file)!;
        using (var archive = ReferenceData.Exports())
            archive.GetEntry(file)!.ExtractToFile(folder.Path(file));
        WriteWeights(export, folder.Path("weights.bin"));
        return export;
    }

    private static void WriteWeights(JsonNode export, string path)
    {
        using var file = new FileStream(path, FileMode.Create);
        foreach (var initializer in export["initializers"]!.AsArray())
        {
            var (name, kind, fanIn, offset, count) =
                ((string)initializer![0]!, (string)initializer[1]!, (long)initializer[2]!, (long)initializer[3]!, (int)initializer[4]!);
            Assert.Equal(offset, file.Position);
            file.Write(MemoryMarshal.AsBytes(ReferenceFormula.Values(name, count, kind, fanIn).AsSpan()));
        }
    }

    private static JsonNode ReadList()
    {
        using var archive = ReferenceData.Exports();
        using var list = archive.GetEntry("exports.json")!.Open();
        return JsonNode.Parse(list)!;
    }
}
