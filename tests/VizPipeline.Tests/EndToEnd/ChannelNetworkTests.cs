using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Filters;
using VizPipeline.Network.Import;
using VizPipeline.Network.Torch;
using VizPipeline.Tests.Cli;
using VizPipeline.Tests.Images;
using VizPipeline.Tests.Jobs;
using VizPipeline.Tests.Network.Formats.Onnx;
using VizPipeline.Worker.Live;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>Tests networks for grey and for RGBA images with every method.</summary>
public sealed class ChannelNetworkTests : IDisposable
{
    private const int Side = 16;

    private readonly TemporaryFolder _folder = new();
    private readonly RandomPictures _pictures = new(12, side: 20);

    public void Dispose()
    {
        _folder.Dispose();
        _pictures.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task An_atlas_has_all_its_pictures(int channels)
    {
        var (model, atlas) = (_folder.Write("net.onnx", Network(channels)), Path.Combine(_folder.Path, "atlas"));
        (await CommandLineRun.RunAsync(
            "run", "--model", model, "--images", _pictures.Folder.Path, "--out", atlas, "--cache", "none",
            "--ascent-steps", "6", "--ascent-presets", "1,2,3,4", "--device", "cpu")).Succeeded();

        foreach (var (layer, neurons) in new[] { ("conv1", 5), ("conv2", 6) })
        {
            for (var neuron = 0; neuron < neurons; neuron++)
            {
                var (patches, deconvolutions) = (Read(atlas, layer, $"top9/{neuron:D5}.png"), Read(
                    atlas, layer, $"deconv/{neuron:D5}.png"));
                Assert.Equal(channels == 1, IsGrey(patches));
                Assert.Equal(channels == 1, IsGrey(deconvolutions));
                for (var preset = 1; preset <= 4; preset++)
                    Assert.Equal(channels == 1, IsGrey(Read(atlas, layer, $"ascent/{neuron:D5}.preset{preset}.seed0.png")));
            }
        }
        // A grid of grey tiles with a title for one channel, a matrix of grey tiles for four channels.
        var filters = Read(atlas, "conv1", "filters/layer.png");
        var graph = NetworkLoader.Load(model);
        var tiles = FilterTiles.Tiles(FilterTiles.ConvolutionOf(graph, graph.Layer("conv1"))!);
        Assert.Equal(channels == 1 ? 5 : null, tiles?.Count);
        Assert.True(IsGrey(tiles?[2] ?? filters));
        var verified = await CommandLineRun.RunAsync("verify", atlas, "--neurons", "11");
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Errors);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Single_neurons_can_be_looked_at(int channels)
    {
        var (model, image) = (_folder.Write("net.onnx", Network(channels)), Path.Combine(_pictures.Folder.Path, RandomPictures.Name(3)));
        foreach (var command in new[]
        {
            "deconv --layer conv2 --channel 1 --image", "maps --layer conv1 --channel 1 --image", "activations --image",
        })
        {
            var output = Path.Combine(_folder.Path, command.StartsWith("activations", StringComparison.Ordinal) ? "out.npy" : "out.png");
            (await CommandLineRun.RunAsync([
                .. command.Split(' '), image, "--model", model,
                .. command.StartsWith("activations", StringComparison.Ordinal) ? new[] { "--layers", "conv1" } : [],
                "--out", output])).Succeeded();
            Assert.True(File.Exists(output));
        }
        (await CommandLineRun.RunAsync(
            "run", "--model", model, "--preprocess", "imagenet", "--images", _pictures.Folder.Path,
            "--out", Path.Combine(_folder.Path, "atlas")))
            .ComplainedOf("imagenet", "is for RGB networks");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void The_live_tool_shows_what_the_network_sees(int channels)
    {
        TorchRuntime.Start();
        var graph = NetworkLoader.Load(_folder.Write("net.onnx", Network(channels)));
        var preprocessing = Preprocessing.Load("unit", Side, Side, channels);
        var spec = SpecSamples.Small() with { Layers = [SpecSamples.Layer(0, "conv1", "conv", 5)] };
        using var network = new LiveNetwork(spec, [], graph, torch.CPU, preprocessing);
        var (crop, cost) = (preprocessing.CropOf(Png.Encode(_pictures.Pictures[0]), "picture"), new LiveCost("worker", 0, 0, 0));
        var maps = network.FeatureMaps(new ShowFeatureMaps(spec.Id, [], "conv1"), crop, cost);
        var deconvolution = network.Deconvolution(new ShowDeconvolution(spec.Id, [], "conv1", 2), crop, cost);
        Assert.Equal(channels == 1, IsGrey(Png.Decode(maps.Crop)));
        Assert.Equal(channels == 1, IsGrey(Png.Decode(deconvolution.Deconvolution)));
        Assert.Equal(deconvolution.Activation, maps.Greatest[2], 1e-5);
    }

    private static RgbImage Read(string atlas, string layer, string name)
        => Png.Decode(File.ReadAllBytes(Path.Combine(atlas, "pictures", layer, name)), name);

    private static bool IsGrey(RgbImage picture)
    {
        Assert.True(picture.Pixels.Distinct().Count() > 1, "the picture shows nothing");
        return Enumerable.Range(0, picture.Width * picture.Height).All(i => picture.Pixels[i * 3] == picture.Pixels[(i * 3) + 1]
            && picture.Pixels[i * 3] == picture.Pixels[(i * 3) + 2]);
    }

    // conv1 5 of 5x5, Relu, MaxPool, conv2 6 of 3x3, Relu, mean, fc 3.
    private static byte[] Network(int channels)
    {
        var random = new Random(channels);
        var graph = OnnxModels.Graph(
            Node("Conv", "conv1", ["x", "w1", "b1"], "c1"), Node("Relu", "relu1", ["c1"], "r1"),
            Node("MaxPool", "pool1", ["r1"], "p1", Ints("kernel_shape", 2, 2), Ints("strides", 2, 2)),
            Node("Conv", "conv2", ["p1", "w2", "b2"], "c2"), Node("Relu", "relu2", ["c2"], "r2"),
            Node("GlobalAveragePool", "mean", ["r2"], "m"), Node("Flatten", "flat", ["m"], "f"),
            Node("Gemm", "fc", ["f", "w3", "b3"], "y", Int("transB", 1)));
        foreach (var (name, shape) in new (string, long[])[]
        {
            ("w1", [5, channels, 5, 5]), ("b1", [5]), ("w2", [6, 5, 3, 3]), ("b2", [6]), ("w3", [3, 6]), ("b3", [3]),
        })
        {
            var values = Enumerable.Range(0, (int)shape.Aggregate(1L, (product, extent) => product * extent))
                .Select(_ => shape.Length == 1 ? 1f : (float)(random.NextDouble() - 0.35)).ToArray();
            graph.Message(5, OnnxModels.Tensor(name, OnnxModels.Float, shape).Bytes(9, MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));
        }
        return OnnxModels.Model(graph.Message(11, OnnxModels.Value("x", 1, channels, Side, Side)).Message(12, OnnxModels.Value("y", 1, 3)));
    }

    private static ProtoWriter Node(string type, string name, string[] inputs, string output, params ProtoWriter[] attributes)
    {
        var node = new ProtoWriter();
        foreach (var input in inputs)
            node.Text(1, input);
        node.Text(2, output).Text(3, name).Text(4, type);
        foreach (var attribute in attributes)
            node.Message(5, attribute);
        return node;
    }

    private static ProtoWriter Ints(string name, params long[] values)
        => OnnxModels.Attribute(name, 7, attribute => attribute.Numbers(8, values));

    private static ProtoWriter Int(string name, long value) => OnnxModels.Attribute(name, 2, attribute => attribute.Number(3, value));
}
