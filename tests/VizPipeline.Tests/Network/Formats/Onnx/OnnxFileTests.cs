using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Network.Formats.Onnx;

namespace VizPipeline.Tests.Network.Formats.Onnx;

public class OnnxFileTests
{
    [Fact]
    public void Tiny_darknet_holds_the_weights_of_its_safetensors()
    {
        var onnx = OnnxFile.Read(TestData.Path("tiny-darknet", "tiny-darknet.onnx"));
        var weights = ModelWeights.Read(TestData.Path("tiny-darknet", "tiny-darknet.safetensors"));

        Assert.Equal(13, onnx.Opsets[""]);
        Assert.Equal(("input", ElementType.F32), (onnx.Inputs[0].Name, onnx.Inputs[0].Type!.Value));
        Assert.Equal([-1, 3, 224, 224], onnx.Inputs[0].Shape);
        Assert.Equal([-1, 1000], onnx.Outputs[0].Shape);
        Assert.Equal(16, onnx.Nodes.Count(node => node.OpType == "Conv"));
        Assert.Equal(15, onnx.Nodes.Count(node => node.OpType == "BatchNormalization"));
        foreach (var (name, weight) in weights)
        {
            Assert.Equal(weight.Shape, onnx.Initializers[name].Shape);
            Assert.Equal(weight.Values, onnx.Initializers[name].Floats!.Values);
        }
    }

    [Fact]
    public void Squeezenet_holds_the_weights_of_its_state_dict()
    {
        var onnx = OnnxFile.Read(TestData.Path("parity", "squeezenet1_1.onnx"));
        var weights = ModelWeights.Read(TestData.Path("parity", "squeezenet1_1.pth"));

        Assert.Equal("pytorch 1.13.0", onnx.Producer);
        Assert.All(weights, pair => Assert.Equal(pair.Value.Values, onnx.Initializers[pair.Key].Floats!.Values));
    }

    [Theory]
    [InlineData("alexnet_small", 5, 3)]
    [InlineData("vgg11_small", 8, 3)]
    [InlineData("squeezenet1_1", 26, 0)]
    [InlineData("resnet18_small", 20, 1)]
    public void Exported_networks_are_read(string name, int convolutions, int linears)
    {
        var onnx = OnnxFile.Read(TestData.Path("parity", name + ".onnx"));
        var layers = NpzFile.Read(TestData.Path("parity", name + ".npz")).Array("onnx_outputs").ToStrings();

        Assert.Equal(convolutions, onnx.Nodes.Count(node => node.OpType == "Conv"));
        Assert.Equal(linears, onnx.Nodes.Count(node => node.OpType == "Gemm"));
        Assert.Equal([-1, 3, 224, 224], Assert.Single(onnx.Inputs).Shape);
        Assert.Empty(layers.Except(onnx.Nodes.SelectMany(node => node.Outputs)));
        var first = onnx.Nodes.First(node => node.OpType == "Conv");
        Assert.Equal(2, first.GetInts("kernel_shape")!.Count);
        Assert.Equal(1, first.GetInt("group", 7));
        Assert.Equal("NOTSET", first.GetText("auto_pad", "NOTSET"));
    }

    [Fact]
    public void Nodes_are_put_in_order_and_keep_theirs_where_they_can()
    {
        var graph = OnnxModels.Graph(
            OnnxModels.Node("Third", ["b", "", "w"], ["c"]),
            OnnxModels.Node("First", ["x"], ["a", ""]),
            OnnxModels.Node("Second", ["a", "a"], ["b"]),
            OnnxModels.Node("Constant", [], ["w"], OnnxModels.Attribute("value_ints", 7, value => value.Numbers(8, 4, 5))));
        var onnx = Read(graph.Message(11, OnnxModels.Value("x", -1, 0, 3)).Message(12, OnnxModels.Value("c")));

        Assert.Equal(["First", "Second", "Third"], onnx.Nodes.Select(node => node.OpType));
        Assert.Equal([4L, 5], onnx.Initializers["w"].Longs!);
        Assert.Equal([-1, -1, 3], onnx.Inputs[0].Shape);
    }

    [Fact]
    public void Attributes_have_types()
    {
        var node = Read(OnnxModels.Graph(OnnxModels.Node(
            "Op",
            [],
            ["y"],
            OnnxModels.Attribute("f", 1, value => value.Float(2, 0.5f)),
            OnnxModels.Attribute("i", 2, value => value.Number(3, -7)),
            OnnxModels.Attribute("s", 3, value => value.Text(4, "text")),
            OnnxModels.Attribute("t", 4, value => value.Message(5, OnnxModels.Tensor("", OnnxModels.Int64, 1).Numbers(7, 9))),
            OnnxModels.Attribute("g", 5, value => value.Message(6, OnnxModels.Relu())),
            OnnxModels.Attribute("fs", 6, value => value.Bytes(7, [0, 0, 0, 0x3f])),
            OnnxModels.Attribute("ss", 8, value => value.Text(9, "a").Text(9, "b"))))).Nodes[0];

        Assert.Equal(0.5f, node.GetFloat("f", 0));
        Assert.Equal(-7, node.GetInt("i", 0));
        Assert.Equal("text", node.GetText("s", ""));
        Assert.Equal([9L], node.GetTensor("t")!.Longs!);
        Assert.Equal(OnnxAttributeKind.Subgraph, node.Attributes["g"].Kind);
        Assert.Equal([0.5f], node.GetFloats("fs")!);
        Assert.Equal(OnnxAttributeKind.Texts, node.Attributes["ss"].Kind);
        Assert.Equal(3, node.GetInt("absent", 3));
        var refusal = Assert.Throws<ModelFormatException>(() => node.GetInt("f", 0));
        Assert.Contains("Op 'the_Op' whose attribute 'f' is Number but should be WholeNumber", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wiring_that_cannot_run_is_named()
    {
        Refused("cycle", OnnxModels.Graph(OnnxModels.Node("A", ["b"], ["a"]), OnnxModels.Node("B", ["a"], ["b"])));
        Refused("cycle", OnnxModels.Graph(OnnxModels.Node("A", ["a"], ["a"])));
        Refused("read 'x', which no node writes", OnnxModels.Graph(OnnxModels.Node("A", ["x"], ["a"])));
        Refused("already defined", OnnxModels.Graph(OnnxModels.Node("A", [], ["a"]), OnnxModels.Node("B", [], ["a"])));
        Refused("already defined", OnnxModels.Graph(OnnxModels.Node("A", [], ["x"])).Message(11, OnnxModels.Value("x")));
        Refused("output 'z' that no node writes", OnnxModels.Graph(OnnxModels.Node("A", [], ["a"])).Message(12, OnnxModels.Value("z")));
        Refused("two attributes 'k'", OnnxModels.Graph(
            OnnxModels.Node("A", [], ["a"], OnnxModels.Attribute("k", 2, _ => { }), OnnxModels.Attribute("k", 2, _ => { }))));
        Refused("two inputs named 'x'", OnnxModels.Relu().Message(11, OnnxModels.Value("x")));
        Refused("no network graph", OnnxModels.Graph());
        Refused("an extent of 4294967296", OnnxModels.Relu().Message(11, OnnxModels.Value("z", 1L << 32)));
    }

    [Fact]
    public void A_file_without_operator_set_or_of_another_kind_is_refused()
    {
        using var folder = new TempFolder();
        var none = folder.Write("none.onnx", new ProtoWriter().Message(7, OnnxModels.Relu()).End());
        Assert.Contains("operator set", Assert.Throws<ModelFormatException>(() => OnnxFile.Read(none)).Message, StringComparison.Ordinal);
        foreach (var content in new[] { "<!DOCTYPE html>", "PK", "" })
        {
            var other = folder.Write("other.onnx", System.Text.Encoding.ASCII.GetBytes(content));
            Assert.Contains("ONNX file", Assert.Throws<ModelFormatException>(() => OnnxFile.Read(other)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Depth_costs_no_stack()
    {
        var graph = OnnxModels.Relu();
        for (var depth = 0; depth < 200; depth++)
            graph = OnnxModels.Graph(OnnxModels.Node("If", [], ["y"], OnnxModels.Attribute("g", 5, value => value.Message(6, graph))));
        Assert.Equal("If", Assert.Single(Read(graph).Nodes).OpType);
    }

    [Fact]
    public void Damage_is_read_or_refused()
    {
        var graph = OnnxModels.Relu()
            .Message(5, OnnxModels.Tensor("w", OnnxModels.Float, 2, 1).Bytes(9, new byte[8]))
            .Message(5, OnnxModels.Tensor("v", OnnxModels.Int64, 2).Numbers(7, 1, 2))
            .Message(1, OnnxModels.Node("Conv", ["y", "w"], ["z"], OnnxModels.Attribute("pads", 7, value => value.Numbers(8, 1, 1, 1, 1))));
        MutationFuzz.Check(OnnxModels.Model(graph), path => OnnxFile.Read(path), ".onnx");
    }

    internal static OnnxFile Read(ProtoWriter graph)
    {
        using var folder = new TempFolder();
        return OnnxFile.Read(folder.Write("test.onnx", OnnxModels.Model(graph)));
    }

    private static void Refused(string message, ProtoWriter graph)
        => Assert.Contains(message, Assert.Throws<ModelFormatException>(() => Read(graph)).Message, StringComparison.Ordinal);
}
