using VizPipeline.Cli.Embedded;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;

namespace VizPipeline.Tests.Cli.Embedded;

public sealed class BuildPlanTests : IDisposable
{
    private readonly TinyNetwork _network = new();
    private readonly TemporaryFolder _images = new();

    public BuildPlanTests()
    {
        foreach (var name in (string[])["cat/a.png", "cat/b.png", "dog/c.png"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_images.File(name))!);
            File.Copy(_network.Path("picture.png"), _images.File(name));
        }
    }

    public void Dispose()
    {
        _network.Dispose();
        _images.Dispose();
    }

    [Fact]
    public async Task A_dry_run_prints_the_plan_and_makes_nothing()
    {
        var run = (await _network.RunAsync(
            "run", "atlas", "--images", _images.Path, "--preprocess", "imagenet", "--layers", "features.0", "--ascent-presets", "1",
            "--ascent-steps", "1", "--dry-run", "--cache", _network.Path("cache"))).Succeeded();

        Assert.False(Directory.Exists(_network.Path("atlas")));
        Assert.False(Directory.Exists(_network.Path("cache")));
        var lines = run.Output.Split('\n');
        Assert.Equal("Plan of atlas 'squeezenet1-1' of squeezenet1_1:", lines[0]);
        Assert.Contains("  neurons        4 neurons in 1 layer", lines);
        Assert.Contains($"  images         3 images in {_images.Path}, all with a label", lines);
        Assert.Contains(lines, line => line.StartsWith("  preprocessing  ", StringComparison.Ordinal) && line.Contains("std 0.229"));
        Assert.Contains("  methods        top9, deconv, ascent (recipe 1 with 1 step), filters", lines);
        Assert.Contains(lines, line => line.StartsWith("  time           about ", StringComparison.Ordinal));
        Assert.Contains(
            lines, line => line.StartsWith("  disk           about ", StringComparison.Ordinal) && line.Contains(" in the cache"));
        Assert.DoesNotContain(lines, line => line.Contains("shorter ", StringComparison.Ordinal) && !line.Contains("shorter side"));
    }

    [Fact]
    public void A_long_build_says_what_makes_it_shorter_and_by_how_much()
    {
        var graph = NetworkLoader.Load(_network.Path("tiny.safetensors"), null, (TinyNetwork.Side, TinyNetwork.Side));
        var request = Request(graph, new AscentSpec { Presets = ["1", "3"] });
        var spec = AtlasSpecs.Create(request);
        var work = JobKinds.All.Sum(kind => WorkEstimate.OfKind(spec, kind.Kind));

        var lines = new BuildPlan(request, spec, work / 36_030).Lines("/atlas", caches: false).ToList();

        Assert.Contains(
            lines, line => line.StartsWith("  time           about 10 h 00 min on this machine (ascent ", StringComparison.Ordinal));
        var shorter = Assert.Single(lines, line => line.StartsWith("  shorter        ", StringComparison.Ordinal));
        Assert.Contains("--methods without ascent takes about ", shorter);
        Assert.Contains("--ascent-steps 32, for a first look, takes about ", shorter);
        Assert.Contains("one of the --ascent-presets takes about ", shorter);
        Assert.DoesNotContain(
            new BuildPlan(request, spec, work / 60).Lines("/atlas", caches: false),
            line => line.StartsWith("  shorter ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 0, "1 image in /photos, none with a label")]
    [InlineData(1, 0, "2 images in /photos, 1 with a label")]
    [InlineData(1, 1, "3 images in /photos, 1 with a label; 1 cannot be read and is skipped")]
    [InlineData(2, 2, "5 images in /photos, 2 with a label; 2 cannot be read and are skipped")]
    public void Images_with_a_label_and_those_that_cannot_be_read_are_counted(int labelled, int unreadable, string expected)
    {
        var graph = NetworkLoader.Load(_network.Path("tiny.safetensors"), null, (TinyNetwork.Side, TinyNetwork.Side));
        var images = Enumerable.Range(0, 1 + labelled + unreadable).Select(i => new VizPipeline.Images.ImageEntry(
            i, $"{i}.png", 1, "ab", null, i < labelled ? 0 : null, i < labelled + unreadable && i >= labelled ? "gone" : null)).ToList();
        var request = Request(graph, new AscentSpec()) with { Images = new ImageManifest(images), ImageFolder = "/photos" };

        var lines = new BuildPlan(request, AtlasSpecs.Create(request), 1e12).Lines("/atlas", caches: false);

        Assert.Contains($"  images         {expected}", lines);
    }

    [Fact]
    public void A_plan_with_facets_says_which_layers_have_none_and_what_they_cost()
    {
        var graph = NetworkLoader.Load(_network.Path("tiny.safetensors"), null, (TinyNetwork.Side, TinyNetwork.Side));
        var request = Request(graph, new AscentSpec()) with { Methods = AtlasMethods.Top9 | AtlasMethods.Facets };
        var spec = AtlasSpecs.Create(request);

        var speed = WorkEstimate.OfKind(spec, JobKind.Facets) / 36_000;
        var lines = new BuildPlan(request, spec, speed).Lines("/atlas", caches: false).ToList();

        Assert.Contains("  methods        top9, facets", lines);
        var without = Assert.Single(lines, line => line.StartsWith("  facets         none in ", StringComparison.Ordinal));
        Assert.Equal(
            graph.Layers.Where(layer => layer.WeightedNode is null).Select(layer => layer.Name),
            without["  facets         none in ".Length..without.IndexOf(": no convolution", StringComparison.Ordinal)].Split(", "));
        Assert.Contains(lines, line => line.Contains("--methods without facets takes about ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains(" on this machine (facets 10 h 00 min", StringComparison.Ordinal));
    }

    [Fact]
    public void The_work_of_layers_adds_up_to_a_pass()
    {
        var graph = NetworkLoader.Load(_network.Path("tiny.safetensors"), null, (TinyNetwork.Side, TinyNetwork.Side));
        var layers = AtlasSpecs.Create(Request(graph, new AscentSpec())).Layers;

        Assert.Equal(layers[^1].Work!.Pass, layers.Sum(layer => layer.Work!.Added));
        Assert.Equal(AtlasSpecs.PassWork(graph, [.. graph.Layers.Select(layer => layer.Node)]), layers.Sum(layer => layer.Work!.Added));
        Assert.All(layers, layer => Assert.InRange(layer.Work!.Region, 1, layer.Work.Pass));
        // One position of the first layer sees 3x3 pixels: 27 multiply-adds per channel, and two values.
        Assert.Equal(4 * (27 + (2 * WorkEstimate.PerValue)), layers[0].Work!.Region);
    }

    private AtlasRequest Request(NetworkGraph graph, AscentSpec ascent) => new(
        "tiny", _network.Path("tiny.safetensors"), null, graph, graph.Layers,
        Preprocessing.ImageNet(TinyNetwork.Side, TinyNetwork.Side), ImageManifest.Build(_images.Path, new ImageSetOptions()), _images.Path,
        ["cat", "dog"], [], AtlasMethods.All, ascent, "cpu", 32);
}
