using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Safetensors;
using VizPipeline.Tests.Network.Formats.PyTorch;

namespace VizPipeline.Tests.Network.Formats;

public class ModelWeightsTests
{
    [Fact]
    public void The_content_decides_and_not_the_extension()
    {
        using var folder = new TempFolder();
        new SafetensorsWriter().Add("module.a", [1f], 1).Add("module.b", [2f], 1).WriteTo(folder.Path("weights.pth"));
        folder.Write("weights.safetensors", TorchZip.Of(
            new PickleWriter().Dict(dict => dict.Text("module.a").Pair()).End(), TorchZip.Floats("0", 1, 2)));

        Assert.Equal(["a", "b"], ModelWeights.Read(folder.Path("weights.pth")).Keys);
        Assert.Equal(["a"], ModelWeights.Read(folder.Path("weights.safetensors")).Keys);
    }

    [Fact]
    public void A_prefix_that_not_all_names_have_stays()
    {
        using var folder = new TempFolder();
        new SafetensorsWriter().Add("module.a", [1f], 1).Add("b", [2f], 1).WriteTo(folder.Path("w"));
        Assert.Equal(["module.a", "b"], ModelWeights.Read(folder.Path("w")).Keys);
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\n", "git lfs pull")]
    [InlineData("<!DOCTYPE html><html>", "web page")]
    [InlineData("\u0089HDF\r\n", "HDF5")]
    [InlineData("", "is empty")]
    [InlineData("something else entirely", "neither")]
    public void What_is_no_weights_file_says_what_to_do(string content, string message)
    {
        using var folder = new TempFolder();
        foreach (var name in new[] { "w.safetensors", "w.pth" })
        {
            var path = folder.Write(name, System.Text.Encoding.Latin1.GetBytes(content));
            var refusal = Assert.Throws<ModelFormatException>(() => ModelWeights.Read(path)).Message;
            if (message != "neither" || name == "w.pth")
                Assert.Contains(message, refusal, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Both_formats_of_squeezenet_hold_the_same_names_and_shapes()
    {
        var safetensors = ModelWeights.Read(TestData.Path("squeezenet1_1", "squeezenet1_1.safetensors"));
        var pth = ModelWeights.Read(TestData.Path("parity", "squeezenet1_1.pth"));
        Assert.Equal(
            pth.Values.Select(tensor => tensor.ToString()).Order(StringComparer.Ordinal),
            safetensors.Values.Select(tensor => tensor.ToString()).Order(StringComparer.Ordinal));
    }
}
