using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.Tests.Network.Formats;
using VizPipeline.Tests.Network.Formats.Onnx;

namespace VizPipeline.Tests.Network.Import.Onnx;

/// <summary>What fuzzing found, in the smallest form.</summary>
public sealed class OnnxHostileTests
{
    [Fact]
    public void A_network_that_gives_its_input_is_none()
    {
        var graph = OnnxModels.Graph(OnnxModels.Node("Relu", ["x"], ["unused"]))
            .Message(11, OnnxModels.Value("x", 1, 3, 4, 4)).Message(12, OnnxModels.Value("x", 1, 3, 4, 4));
        Assert.Contains("no operators between its input and its output", Assert.Throws<ModelFormatException>(
            () => Load(OnnxModels.Model(graph))).Message);
    }

    [Fact]
    public void Names_from_a_file_bring_no_control_characters_into_messages()
    {
        var graph = OnnxModels.Graph(OnnxModels.Node("Re\nlu\u001b[2J", ["x"], ["y"]))
            .Message(11, OnnxModels.Value("x", 1, 3, 4, 4)).Message(12, OnnxModels.Value("y", 1, 3, 4, 4));
        var error = Assert.Throws<OperatorNotSupportedException>(() => Load(OnnxModels.Model(graph)));
        Assert.Contains("'Re?lu?[2J'", error.Message);
        Assert.DoesNotContain(error.Message, char.IsControl);
    }

    private static NetworkGraph Load(byte[] model)
    {
        using var folder = new TempFolder();
        return NetworkLoader.Load(folder.Write("hostile.onnx", model));
    }
}
