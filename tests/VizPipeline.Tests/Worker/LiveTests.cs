using TorchSharp;
using VizPipeline.Hosting;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Import;
using VizPipeline.Tests.Cli.Verify;
using VizPipeline.Tests.Hosting;

namespace VizPipeline.Tests.Worker;

/// <summary>Tests live requests to a real worker: it answers with the network's own values, and reports every fault in an answer.</summary>
public sealed class LiveTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SmallAtlas _small = new();
    private readonly TestService _service;
    private readonly AtlasSpec _spec;
    private readonly byte[] _picture;
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public LiveTests()
    {
        (_spec, var images) = _small.Plan();
        _service = new TestService(_folder.Path);
        _picture = File.ReadAllBytes(Path.Combine(_small.ImageFolder, images.Images[0].Path));
        _service.StartAsync(_spec, images).GetAwaiter().GetResult();
    }

    private ILiveRequests Client => _service.Live;

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _small.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Feature_maps_are_the_networks_to_the_step_of_their_scale_while_a_job_has_the_device()
    {
        // Simulates a batch job, which may take a minute.
        using var batch = await _service.HoldDeviceAsync();
        foreach (var layer in _spec.Layers)
        {
            var shown = await Client.AskAsync(new ShowFeatureMaps(_spec.Id, _picture, layer.Name), _cancellation);
            var values = Values(layer.Name);
            Assert.Equal((layer.Channels, layer.Height, layer.Width), (shown.Channels, shown.Height, shown.Width));
            var area = shown.Height * shown.Width;
            for (var channel = 0; channel < shown.Channels; channel++)
            {
                var map = values.AsSpan(channel * area, area).ToArray();
                Assert.Equal((map.Min(), map.Max()), (shown.Least[channel], shown.Greatest[channel]));
                var step = (map.Max() - map.Min()) / 255;
                for (var i = 0; i < area; i++)
                    Assert.Equal(map[i], map.Min() + (shown.Maps[(channel * area) + i] * step), 0.51 * step + 1e-6);
            }
            Assert.Equal(Preprocessing().CropWidth, ImageDecoder.Decode(shown.Crop, "crop").Width);
        }
    }

    [Fact]
    public async Task A_deconvolution_is_of_the_strongest_position_or_of_the_one_that_is_asked_for()
    {
        var layer = _spec.Layers[^1].Height > 1 ? _spec.Layers[^1] : _spec.Layers[0];
        var map = Values(layer.Name).AsSpan(layer.Height * layer.Width, layer.Height * layer.Width).ToArray();
        var shown = await Client.AskAsync(new ShowDeconvolution(_spec.Id, _picture, layer.Name, 1), _cancellation);
        Assert.Equal(map.Max(), shown.Activation, 1e-4);
        Assert.Equal(Array.IndexOf(map, map.Max()), (shown.Y * layer.Width) + shown.X);

        var there = await Client.AskAsync(
            new ShowDeconvolution(_spec.Id, _picture, layer.Name, 1, layer.Height - 1, 0, "gradient"), _cancellation);
        Assert.Equal(map[(layer.Height - 1) * layer.Width], there.Activation, 1e-4);
        Assert.Equal(Preprocessing().CropWidth, ImageDecoder.Decode(there.Deconvolution, "deconvolution").Width);
        Assert.NotEqual(shown.Deconvolution, there.Deconvolution);
    }

    public static TheoryData<string> Faults =>
    [
        "no atlas", "atlas name", "layer", "picture", "empty", "bomb", "large", "channel", "position", "half a position", "rule",
    ];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whatever_is_wrong_is_said_in_one_line_and_the_next_request_is_answered(string fault)
    {
        var name = _spec.Layers[0].Name;
        var (request, told) = fault switch
        {
            "no atlas" => ((ILiveRequest)new ShowFeatureMaps("nowhere", _picture, name), "there is no atlas 'nowhere'"),
            "atlas name" => (new ShowFeatureMaps("../../etc", _picture, name), "'../../etc' is no name of an atlas"),
            "layer" => (new ShowFeatureMaps(_spec.Id, _picture, "nolayer"), $"has no layer 'nolayer'; it has {name}"),
            "picture" => (new ShowFeatureMaps(_spec.Id, "These are words."u8.ToArray(), name), "the picture is unreadable"),
            "empty" => (new ShowFeatureMaps(_spec.Id, [], name), "the picture is unreadable"),
            "bomb" => (new ShowFeatureMaps(_spec.Id, Png.Encode(new RgbImage(9000, 6000)), name), "the picture is unreadable"),
            "large" => (new ShowFeatureMaps(_spec.Id, new byte[LiveLimits.ImageBytes + 1], name), "at most 8,388,608 are accepted"),
            "channel" => (
                new ShowDeconvolution(_spec.Id, _picture, name, _spec.Layers[0].Channels),
                $"has channels 0 to {_spec.Layers[0].Channels - 1}"),
            "position" => (new ShowDeconvolution(_spec.Id, _picture, name, 0, 0, _spec.Layers[0].Width), "there is no position"),
            "half a position" => (new ShowDeconvolution(_spec.Id, _picture, name, 0, 3), "there is no position"),
            _ => (new ShowDeconvolution(_spec.Id, _picture, name, 0, Rule: "guess"), "deconv, guided or gradient, not 'guess'"),
        };
        var refused = await Assert.ThrowsAsync<LiveRefusedException>(() => request is ShowFeatureMaps maps
            ? Client.AskAsync(maps, _cancellation)
            : (Task)Client.AskAsync((ShowDeconvolution)request, _cancellation));
        Assert.Contains(told, refused.Message);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.False(refused.IsOutage);
        await Client.AskAsync(new ShowFeatureMaps(_spec.Id, _picture, name), _cancellation);
    }

    private Preprocessing Preprocessing()
        => VizPipeline.Images.Preprocessing.Parse(_spec.Preprocessing.GetRawText(), "spec", _spec.Model.Input[1], _spec.Model.Input[2]);

    private float[] Values(string layer)
    {
        using var runner = new NetworkRunner(NetworkLoader.Load(_small.ModelFile));
        using var scope = torch.NewDisposeScope();
        var input = ImageTensor.Create(Preprocessing().Crop(ImageDecoder.Decode(_picture, "picture")), 1, Preprocessing(), torch.CPU);
        float[] values = [];
        runner.Forward(input, [runner.Graph.Layer(layer).Node], (_, value) => values = value.contiguous().data<float>().ToArray());
        return values;
    }
}
