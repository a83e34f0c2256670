using TorchSharp;
using VizPipeline.ActivationStore;
using VizPipeline.Hosting;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Import;
using VizPipeline.ObjectStore;
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
    public async Task A_trace_has_the_atlass_activation_and_the_deconvolution_that_regions_give()
    {
        var layer = _spec.Layers.Last(known => known.Height > 1);
        var images = Directory.EnumerateFiles(_small.ImageFolder).Order(StringComparer.Ordinal).ToList();
        var name = Path.GetFileName(images[0]);
        var traced = await Client.AskAsync(new TraceNeuron(_spec.Id, layer.Name, 1, name), _cancellation);
        var shown = await Client.AskAsync(
            new ShowDeconvolution(_spec.Id, await File.ReadAllBytesAsync(images[0], _cancellation), layer.Name, 1), _cancellation);
        Assert.Equal(shown.Activation, traced.Activation, 1e-4);
        Assert.Equal((shown.Y, shown.X), (traced.Y, traced.X));
        Assert.Equal(shown.Box, traced.Box);
        Assert.Equal(shown.EffectiveBox, traced.EffectiveBox);
        var (one, other) = (ImageDecoder.Decode(shown.Deconvolution, "one"), ImageDecoder.Decode(traced.Deconvolution, "other"));
        Assert.All(one.Pixels.Zip(other.Pixels), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 1));
        // From the neuron's layer towards the pixels, each on the whole map.
        var before = _spec.Layers.TakeWhile(known => known.Name != layer.Name).Reverse().ToList();
        Assert.NotEmpty(before);
        Assert.Equal(before.Select(known => (known.Name, known.Height, known.Width)),
            traced.Layers.Select(passed => (passed.Layer, passed.Height, passed.Width)));
        Assert.All(traced.Layers, passed => Assert.InRange(passed.Reached, traced.Activation > 0 ? 1 : 0, passed.Channels));
    }

    [Fact]
    public async Task An_exemplar_is_the_deconvolution_of_an_image_of_the_set_and_is_kept()
    {
        var layer = _spec.Layers.Last(known => known.Height > 1);
        var images = Directory.EnumerateFiles(_small.ImageFolder).Order(StringComparer.Ordinal).ToList();
        var (store, image) = (new FolderObjectStore(_folder.Path), images[2]);
        var list = new TopList(layer.Channels, depth: 1);
        list.Set(1, 0, activation: 1, image: 2, position: 0);
        await list.PutAsync(store, _spec.Id, layer.Name, TopList.Top, _cancellation);
        var made = await Client.AskAsync(new RenderExemplar(_spec.Id, layer.Name, 1, 2, Path.GetFileName(image)), _cancellation);
        var shown = await Client.AskAsync(
            new ShowDeconvolution(_spec.Id, await File.ReadAllBytesAsync(image, _cancellation), layer.Name, 1), _cancellation);
        Assert.Equal((shown.Activation, shown.Y, shown.X), (made.Exemplar.Activation, made.Exemplar.Y, made.Exemplar.X));
        Assert.Equal(shown.Box, made.Exemplar.Box);
        Assert.Equal(shown.EffectiveBox!, made.Exemplar.EffectiveBox);
        Assert.Equal(shown.Deconvolution, made.Exemplar.Deconvolution);

        var kept = VizJson.Read<Exemplar>(await store.GetAsync(
            AtlasKeys.Exemplar(_spec.Id, layer.Name, 1, 2), _cancellation));
        Assert.Equal(made.Exemplar.Deconvolution, kept.Deconvolution);
        Assert.Equal(made.Exemplar.Activation, kept.Activation);
        // Anybody may ask for any image, so only the top list is kept.
        await Client.AskAsync(new RenderExemplar(_spec.Id, layer.Name, 1, 3, Path.GetFileName(images[3])), _cancellation);
        Assert.False(await store.ExistsAsync(AtlasKeys.Exemplar(_spec.Id, layer.Name, 1, 3), _cancellation));
    }

    [Theory]
    [InlineData("no-such-picture.png", 0, "the worker cannot read image 'no-such-picture.png'")]
    [InlineData("../secret.png", 0, "the worker cannot read image '../secret.png'")]
    [InlineData(null, 1_000_000, "channels 0 to")]
    public async Task A_trace_of_what_does_not_exist_is_refused(string? image, int channel, string reason)
    {
        image ??= Path.GetFileName(Directory.EnumerateFiles(_small.ImageFolder).First());
        var refused = await Assert.ThrowsAsync<LiveRefusedException>(
            () => Client.AskAsync(new TraceNeuron(_spec.Id, _spec.Layers[0].Name, channel, image), _cancellation));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ascent_grows_from_its_start_to_its_result()
    {
        var grown = await Client.AskAsync(new GrowAscent(_spec.Id, _spec.Layers[0].Name, 1), _cancellation);
        Assert.Equal(0, grown.Pictures[0].Step);
        Assert.Equal(grown.Steps, grown.Pictures[^1].Step);
        Assert.Equal(grown.Pictures.Select(picture => picture.Step).Order().Distinct(), grown.Pictures.Select(picture => picture.Step));
        Assert.NotEqual(grown.Pictures[0].Picture, grown.Pictures[^1].Picture);
        Assert.True(grown.Activation > 0);
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
