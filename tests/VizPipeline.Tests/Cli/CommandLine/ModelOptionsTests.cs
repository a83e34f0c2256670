using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Zoo;

namespace VizPipeline.Tests.Cli.CommandLine;

/// <summary>Tests that without <c>--preprocess</c> an architecture of torchvision gets the preprocessing of its official weights.</summary>
public sealed class ModelOptionsTests : IDisposable
{
    private readonly TinyNetwork _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Theory]
    // The file name identifies the official weights; other files get the preprocessing of the first version.
    [InlineData("resnet50", "resnet50-11ad3fa6.pth", 224, 232, 0.485f)]
    [InlineData("resnet50", "resnet50-0676ba61.pth", 224, 256, 0.485f)]
    [InlineData("resnet50", "mine.pth", 224, 256, 0.485f)]
    [InlineData("resnet50", "mine.pth", 448, 512, 0.485f)]
    [InlineData("inception_v3", "mine.pth", 299, 342, 0.485f)]
    [InlineData("efficientnet_v2_l", "mine.pth", 480, 480, 0.5f)]
    [InlineData("efficientnet_v2_l", "mine.pth", 32, 32, 0.5f)]
    [InlineData("tiny-darknet", "mine.pth", 224, 256, 0.485f)]
    public void It_is_the_weights_own(string name, string file, int size, int shorterSide, float mean)
    {
        File.Copy(_tiny.Path("tiny.safetensors"), _tiny.Path(file));
        var graph = ZooModels.Find(name)!.Build(new Shape(3, size, size), null);
        var parsed = Parse(out var options, "--model", name, "--weights", _tiny.Path(file));
        var preprocessing = options.GetPreprocessing(parsed, graph);
        Assert.Equal(
            (shorterSide, size, size, mean),
            (preprocessing.ShorterSide, preprocessing.CropHeight, preprocessing.CropWidth, preprocessing.Mean[0]));
    }

    [Fact]
    public void What_was_asked_for_and_a_file_beside_the_model_go_before_it()
    {
        var graph = ZooModels.Find("resnet50")!.Build(new Shape(3, 224, 224), null);
        File.Copy(_tiny.Path("tiny.safetensors"), _tiny.Path("resnet50-11ad3fa6.pth"));
        var parsed = Parse(out var options, "--model", _tiny.Path("resnet50-11ad3fa6.pth"), "--preprocess", "imagenet");
        Assert.Equal(256, options.GetPreprocessing(parsed, graph).ShorterSide);
        parsed = Parse(out options, "--model", _tiny.Path("resnet50-11ad3fa6.pth"));
        Assert.Equal(232, options.GetPreprocessing(parsed, graph).ShorterSide);
        File.WriteAllText(_tiny.Path("preprocess.json"), """{ "shorterSide": 240 }""");
        Assert.Equal(240, options.GetPreprocessing(parsed, graph).ShorterSide);
    }

    private static ParseResult Parse(out ModelOptions options, params string[] arguments)
    {
        options = new ModelOptions();
        var command = new Command("test");
        options.AddTo(command);
        return command.Parse(arguments);
    }
}
