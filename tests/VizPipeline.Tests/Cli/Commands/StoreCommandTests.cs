using System.Globalization;
using Microsoft.EntityFrameworkCore;
using VizPipeline.ActivationStore;
using VizPipeline.Jobs;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Cli.Verify;

namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Tests <c>viz store</c> on a folder.</summary>
public sealed class StoreCommandTests : IDisposable
{
    private readonly AtlasFolder _atlas = new();

    public void Dispose() => _atlas.Dispose();

    [Fact]
    public async Task Questions_are_answered_from_the_kept_activations()
    {
        var values = await KeepAsync();
        Assert.Contains("conv1", await RunAsync("info"), StringComparison.Ordinal);
        var top = await CsvAsync("top", "conv1:2", "--limit", "2");
        Assert.Equal("rank,image,path,class,activation,y,x", top[0]);
        Assert.StartsWith("1,4,", top[1], StringComparison.Ordinal);
        Assert.Equal(top[1], (await CsvAsync("bottom", "conv1:2"))[1]);
        var rows = await CsvAsync("images", "conv1:2", "--limit", "4");
        Assert.Equal("image,path,class,activation,y,x", rows[0]);
        Assert.Equal(
            values.Index().OrderByDescending(entry => entry.Item[2]).Take(4).Select(entry => $"{entry.Index}"),
            rows.Skip(1).Where(row => char.IsAsciiDigit(row[0])).Select(row => row.Split(',')[0]));
        Assert.Contains($"{values.Length} images", await RunAsync("distribution", "conv1:2"), StringComparison.Ordinal);
        Assert.Contains($"over {values.Length} images", await RunAsync("correlate", "conv1:1", "conv1:2"), StringComparison.Ordinal);
        Assert.StartsWith("1.0000", await RunAsync("correlate", "conv1:1", "conv1:1"), StringComparison.Ordinal);

        var bands = await CsvAsync("exemplars", "conv1:2");
        Assert.Equal("kind,group,low,high,mean,images,image,path,class,activation,y,x", bands[0]);
        Assert.StartsWith("band,top ", bands[1], StringComparison.Ordinal);

        // By index or by path, also of a name that needs quoting elsewhere.
        Assert.Equal(
            await RunAsync("neurons", "4", "--format", "json"), await RunAsync("neurons", AtlasFolder.ImageName(4), "--format", "json"));
        Assert.Equal(
            5, (await RunAsync("alike", "4", "--layer", "conv1", "--limit", "5", "--format", "json")).Trim().Split('\n').Length);

        using var folder = new TemporaryFolder();
        var list = folder.File("list.txt");
        await File.WriteAllLinesAsync(list, ["3", AtlasFolder.ImageName(4), ""], TestContext.Current.CancellationToken);
        Assert.Contains("2 images:", await RunAsync("distribution", "conv1:2", "--list", list), StringComparison.Ordinal);
        await RunAsync("export", "conv1", "--out", folder.File("a/layer.npy"));
        Assert.Equal([values.Length, values[0].Length], NpyArray.Read(folder.File("a/layer.npy")).Shape);
    }

    [Fact]
    public async Task What_makes_no_sense_is_one_line()
    {
        await KeepAsync();
        await Refused("is not a neuron; give LAYER:CHANNEL", "images", "conv1");
        await Refused("has no neuron 99", "images", "conv1:99");
        await Refused("has no neuron 99", "top", "conv1:99");
        await Refused("has no top list of layer 'logits'", "top", "logits:0");
        await Refused("has no list of the weakest images of layer 'logits'", "bottom", "logits:0");
        await Refused("has no class means of layer 'conv1'", "classes", "conv1:0");
        await Refused("No activations of layer 'logits' are kept", "images", "logits:0");
        await Refused("has no image 'none.png'", "neurons", "none.png");
        await Refused("--by 'size' is unknown; use bands or classes", "exemplars", "conv1:2", "--by", "size");
        await Refused("has no class means of layer 'conv1'", "exemplars", "conv1:2", "--by", "classes");
        await Refused("--sort 'size' is unknown", "images", "conv1:2", "--sort", "size");
        await Refused("--limit must be 1 or more", "images", "conv1:2", "--limit", "0");
        await Refused("--bins must be from 1 to 1000", "distribution", "conv1:2", "--bins", "0");
        await Refused("--list 'no.txt' does not exist", "distribution", "conv1:2", "--list", "no.txt");
        await Refused("must be a file that ends in .npy", "export", "conv1", "--out", "layer.csv");

        async Task Refused(string complaint, params string[] arguments) =>
            (await CommandLineRun.RunAsync(["store", arguments[0], _atlas.Path, .. arguments[1..]])).ComplainedOf(complaint);
    }

    [Fact]
    public async Task Selectivity_for_one_class_is_that_of_the_pass_and_for_the_others_its_opposite()
    {
        using var small = await new SmallAtlas { Classes = 3 }.Make();
        var one = await SelectiveAsync("--class", "class 1");
        await using (var catalog = small.Database.Open())
        {
            var neurons = await catalog.Neurons.AsNoTracking().Where(neuron => neuron.BestClass == 1 && neuron.ActiveImages >= 9)
                .Join(catalog.Layers, neuron => neuron.LayerId, layer => layer.Id, (neuron, layer) => new { layer.Name, Neuron = neuron })
                .ToListAsync(TestContext.Current.CancellationToken);
            Assert.NotEmpty(neurons);
            Assert.All(neurons, row => Assert.Equal(
                row.Neuron.ClassSelectivity!.Value, one[$"{row.Name}:{row.Neuron.Channel}"], 1e-6));
        }
        using var folder = new TemporaryFolder();
        var file = folder.Write("animals.csv", "class 0\tothers\nclass 2\tothers\nclass 9\tmissing\n");
        var others = await SelectiveAsync("--superclasses", file, "--superclass", "Others");
        Assert.Equal(await SelectiveAsync("--class", "class 2", "--class", "class 0"), others);
        Assert.Equal(one.Keys.Order(StringComparer.Ordinal), others.Keys.Order(StringComparer.Ordinal));
        Assert.All(one, row => Assert.Equal(row.Value, -others[row.Key], 1e-6));

        await Refused("give --class, or --superclasses");
        await Refused("belong together", "--superclass", "others");
        await Refused("of the atlas's classes it has others", "--superclasses", file, "--superclass", "birds");
        await Refused("names none of the atlas's classes", "--superclasses", folder.Write("a.csv", "x\ty\n"), "--superclass", "y");
        await Refused("these are all classes", "--class", "0", "1", "2");
        await Refused("has no class 'horse'", "--class", "horse");

        async Task<Dictionary<string, double>> SelectiveAsync(params string[] arguments) => (await CommandLineRun.RunAsync(
            ["store", "selective", small.Path, .. arguments, "--limit", "1000", "--format", "csv"])).Succeeded().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(','))
            .ToDictionary(cells => $"{cells[0]}:{cells[1]}", cells => double.Parse(cells[3], CultureInfo.InvariantCulture));

        async Task Refused(string complaint, params string[] arguments) =>
            (await CommandLineRun.RunAsync(["store", "selective", small.Path, .. arguments])).ComplainedOf(complaint);
    }

    [Theory]
    [InlineData("--keep", "some")]
    [InlineData("--keep", "-3")]
    [InlineData("--keep", "0")]
    public async Task A_keep_that_is_no_number_of_images_is_refused(params string[] options)
    {
        using var network = new TinyNetwork();
        (await CommandLineRun.RunAsync(["run", "--model", network.Path("tiny.safetensors"), "--images", network.Path(""), .. options]))
            .ComplainedOf($"--keep '{options[1]}' is neither auto, all, none nor a number of images");
    }

    private async Task<string> RunAsync(string command, params string[] arguments) =>
        (await CommandLineRun.RunAsync(["store", command, _atlas.Path, .. arguments])).Succeeded().Output;

    private async Task<string[]> CsvAsync(string command, params string[] arguments) =>
        (await RunAsync(command, [.. arguments, "--format", "csv"])).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task<Half[][]> KeepAsync()
    {
        await (await _atlas.PlanAsync()).CompleteAsync(group => group.Kind == JobKind.Merge);
        var (spec, random) = (AtlasFolder.Spec, new Random(5));
        Half[][] values = [.. Enumerable.Range(0, spec.Images.Count).Select(_ => Enumerable.Range(0, spec.Layers[0].Channels)
            .Select(_ => (Half)random.NextDouble()).ToArray())];
        var (store, token) =
            (new FolderObjectStore(_atlas.Path, AtlasKeys.Root(spec.Id)), TestContext.Current.CancellationToken);
        var writer = new ActivationWriter(store, spec.Id);
        var top = new TopList(spec.Layers[0].Channels, depth: 3);
        top.Set(neuron: 2, rank: 0, activation: 1.5f, image: 4, position: 0);
        await top.PutAsync(store, spec.Id, "conv1", TopList.Top, token);
        await top.PutAsync(store, spec.Id, "conv1", TopList.Bottom, token);
        await writer.PutShardAsync(0, "conv1", spec.Layers[0].Channels, values.SelectMany(row => row).ToArray(), null, 1, token);
        await writer.JoinAsync(spec.Layers[0], values.Length, null, hasPositions: false, [[.. Enumerable.Range(0, values.Length)]], token);
        return values;
    }
}
