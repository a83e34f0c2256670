using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Network.Formats.Safetensors;
using VizPipeline.Tests.Methods;
using VizPipeline.Tests.Methods.Deconvolution;

namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Compares commands on real networks with recorded results of independent programs.</summary>
public sealed class ReferenceCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("viz-cli-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Deconv_writes_the_reference_deconvolutions()
    {
        var (reference, sample) = (TinyDarknetReference.Npz("dev-deconv.npz"), TinyDarknetReference.Npz("dev-sample.npz"));
        var (names, images) = (sample.Array("images").ToStrings(), reference.Array("image").ToStrings());
        var (layers, channels, yx) =
            (reference.Array("layer").ToStrings(), reference.Array("channel").ToInts(), reference.Array("yx").ToInts());
        var (crops, expected) = (sample.Array("crops").ToFloats(), reference.Array("deconv").ToFloats());
        var compared = 0;
        for (var i = 0; i < layers.Length; i++)
        {
            var image = Array.IndexOf(names, images[i]);
            if (image < 0)
                continue; // the sample does not include its pixels
            NpyArray.Write(
                File("input.npy"), new FloatTensor("input", [3, 224, 224], Planes(crops.AsSpan(image * 3 * 224 * 224, 3 * 224 * 224))));
            var run = (await CommandLineRun.RunAsync(
                "deconv", "--model", TestData.Path("tiny-darknet", "tiny-darknet.onnx"), "--preprocess", "unit", "--image",
                File("input.npy"),
                "--layer", layers[i], "--channel", $"{channels[i]}", "--out", File("deconv.npy"))).Succeeded();
            Assert.Contains($" at {yx[2 * i]},{yx[(2 * i) + 1]}, ", run.Output, StringComparison.Ordinal);
            var cosine = ReferenceDeconvolutionTests.Cosine(
                NpyArray.Read(File("deconv.npy")).ToFloats(), expected.AsSpan(i * 3 * 224 * 224, 3 * 224 * 224));
            Assert.True(cosine >= 0.9999, $"{layers[i]} {channels[i]}: {cosine}");
            compared++;
        }
        Assert.True(compared > 0, "no picture of the deconvolutions is among the decoded ones");
        TestContext.Current.SendDiagnosticMessage($"{compared} of {layers.Length} deconvolutions compared");
    }

    [Theory]
    [InlineData("alexnet_small"), InlineData("vgg11_small"), InlineData("resnet18_small"), InlineData("squeezenet1_1")]
    public async Task Activations_give_the_recorded_logits(string name)
    {
        var reference = NpzFile.Read(TestData.Path("parity", name + ".npz"));
        NpyArray.Write(File("input.npy"), reference.Array("input").ToTensor("input"));
        (await CommandLineRun.RunAsync(
            "activations", "--model", TestData.Path("parity", name + ".onnx"), "--image", File("input.npy"), "--reduce", "max", "--out",
            File("all.safetensors"))).Succeeded();
        var (expected, actual) = (reference.Array("logits"), SafetensorsFile.Read(File("all.safetensors")).ReadFloats("logits"));
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.All(expected.ToFloats().Zip(actual.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    private static float[] Planes(ReadOnlySpan<float> interleaved)
    {
        var planes = new float[interleaved.Length];
        for (var i = 0; i < planes.Length; i++)
            planes[(i % 3 * (planes.Length / 3)) + (i / 3)] = interleaved[i] / 255;
        return planes;
    }

    private string File(string name) => Path.Combine(_folder, name);
}
