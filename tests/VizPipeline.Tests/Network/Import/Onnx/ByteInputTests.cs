using System.CommandLine;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using TorchSharp;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Images;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Import;

namespace VizPipeline.Tests.Network.Import.Onnx;

/// <summary>Networks whose input is of bytes, which they scale themselves: they get bytes, and the values are ONNX Runtime's.</summary>
public sealed class ByteInputTests
{
    [Theory]
    [InlineData("uint8_nchw", false)]
    [InlineData("uint8_nhwc", true)]
    public void They_get_bytes_and_give_onnx_runtimes_values(string name, bool last)
    {
        var file = TestData.Path("strangers", "14-uint8-input-default-preprocess", name + ".onnx");
        var (options, parsed) = Parse(file);
        var graph = options.Open(parsed);
        var preprocessing = options.GetPreprocessing(parsed, graph);
        Assert.True(graph.TakesBytes && preprocessing.IsBytes);

        var crop = new byte[32 * 32 * 3];
        new Random(3).NextBytes(crop);
        var input = new float[crop.Length];
        preprocessing.ToInput(crop, input);
        using var runner = new NetworkRunner(graph);
        using var images = torch.tensor(input, [1, 3, 32, 32]);
        using var output = runner.Forward(images.ChannelsLast(), graph.Output);

        using var session = new InferenceSession(file);
        var bytes = last ? crop : [.. Enumerable.Range(0, crop.Length).Select(i => crop[(i % 1024 * 3) + (i / 1024)])];
        using var results = session.Run([NamedOnnxValue.CreateFromTensor(
            session.InputNames[0], new DenseTensor<byte>(bytes, last ? [1, 32, 32, 3] : [1, 3, 32, 32]))]);
        OnnxParity.Close([.. results[0].AsTensor<float>()], output.ToArray(), OnnxParity.Tolerance);
    }

    [Fact]
    public void Preparing_their_pixels_twice_is_refused()
    {
        var file = TestData.Path("strangers", "14-uint8-input-default-preprocess", "uint8_nchw.onnx");
        var (options, parsed) = Parse(file, "--preprocess", "imagenet");
        var refusal = Assert.Throws<UsageException>(() => options.GetPreprocessing(parsed, NetworkLoader.Load(file)));
        Assert.StartsWith("--preprocess 'imagenet' scales pixels, but the network's input is of bytes", refusal.Message);
        (options, parsed) = Parse(TestData.Path("strangers", "plain.onnx"), "--preprocess", Preprocessing.BytesPreset);
        Assert.True(options.GetPreprocessing(parsed, options.Open(parsed)).IsBytes);
    }

    private static (ModelOptions Options, ParseResult Parsed) Parse(string model, params string[] arguments)
    {
        var options = new ModelOptions();
        var command = new Command("test");
        options.AddTo(command);
        return (options, command.Parse(["--model", model, .. arguments]));
    }
}
