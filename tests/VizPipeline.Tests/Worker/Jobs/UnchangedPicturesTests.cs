using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using VizPipeline.ActivationStore;
using VizPipeline.Images;
using VizPipeline.ImageStore;
using VizPipeline.Jobs;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Methods.Search;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Cli.Verify;
using VizPipeline.Worker;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Tests.Worker.Jobs;

/// <summary>Atlases that grow by images and layers in random steps, by the workers' handlers, against the atlas built at once.</summary>
public sealed class UnchangedPicturesTests : IDisposable
{
    private static readonly IOptions<WorkerOptions> Settings = Options.Create(new WorkerOptions { CacheFolder = "", Device = "cpu" });
    private readonly SmallAtlas _small = new() { Classes = 3 };
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private int _number;

    public void Dispose()
    {
        _small.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public Task Growing_in_steps_gives_what_is_built_at_once() => Gen.Select(
        Gen.Int[0, 3], Gen.Shuffle(Enumerable.Range(0, 60).ToArray()),
        Gen.Select(Gen.Int[1, 25], Gen.Int[1, 7], Gen.Int[1, 12]).Array[2, 4], Gen.Bool.Array[12]).SampleAsync(
        async (keep, order, steps, kills) =>
        {
            var (store, die) = (Store(), kills.AsEnumerable().GetEnumerator());
            var (spec, count, chosen) = ((AtlasSpec?)null, 0, 0);
            foreach (var (images, layers, shard) in steps)
            {
                (count, chosen) = (Math.Min(60, count + images), chosen | layers);
                // Not in the order of the atlas: known images keep their numbers.
                var asked = Ask(order[..count].Order().ToArray(), layers, shard) with { Keep = Keep(keep, count) };
                var list = List(order[..count].Order().ToArray());
                if (spec is null)
                    spec = asked;
                else
                {
                    var joined = ImageGrowth.TryJoin(spec, await ListOfAsync(store, spec), asked, list, out var fault);
                    Assert.Equal("", fault);
                    list = joined!.List;
                    var plan = AtlasGrowth.TryJoin(spec, asked, joined)!;
                    // What would change pictures that nobody renews.
                    Assert.Empty(AtlasGrowth.Plan(spec, plan, 1_000).Redone);
                    spec = plan;
                }
                await WriteAsync(store, spec, list);
                // A worker that dies at some job, and another one that does all.
                if (die.MoveNext() && die.Current)
                    await RunAsync(store, spec, JobPlan.For(spec).Count / 2);
                if (steps[^1] == (images, layers, shard) || !die.MoveNext() || die.Current)
                    await RunAsync(store, spec, int.MaxValue);
            }
            await RunAsync(store, spec!, int.MaxValue);

            var (once, whole) = (Store(), await ListOfAsync(store, spec!));
            var atOnce = Ask([.. whole.Images.Select(image => NumberOf(image.Path))], chosen, 5) with
            {
                Keep = spec!.Keep,
                StableSamples = spec.StableSamples,
                Images = spec.Images,
            };
            Assert.Equal(atOnce.Hash(), spec.Hash());
            await WriteAsync(once, atOnce, whole);
            await RunAsync(once, atOnce, int.MaxValue);
            await AssertSameAsync(once, atOnce, store, spec);
        }, iter: 12, threads: 1);

    [Fact]
    public async Task Pictures_of_neurons_with_the_same_top_9_stay()
    {
        var multifaceted = AscentPresets.WithSteps(AscentPresets.Find("multifaceted")!, 3);
        AtlasSpec With(int[] images) => Ask(images, layers: 7, shard: 20) with
        {
            Methods = AtlasMethods.Top9 | AtlasMethods.Deconv | AtlasMethods.Ascent,
            Ascent = new AscentSpec
            {
                Presets = ["3", "multifaceted"],
                Steps = 3,
                Recipes = new Dictionary<string, JsonElement> { ["multifaceted"] = RecipeJson.ToElement(multifaceted) },
            },
        };
        var (store, before) = (Store(), With([.. Enumerable.Range(0, 55)]));
        await WriteAsync(store, before, List([.. Enumerable.Range(0, 55)]));
        await RunAsync(store, before, int.MaxValue);
        var (pictures, tops) = (await PicturesAsync(store), await TopsAsync(store, before));
        var asked = With([.. Enumerable.Range(0, 60)]);
        var joined = ImageGrowth.TryJoin(before, await ListOfAsync(store, before), asked, List([.. Enumerable.Range(0, 60)]), out _)!;
        var after = AtlasGrowth.TryJoin(before, asked, joined)!;
        await WriteAsync(store, after, joined.List);
        await RunAsync(store, after, int.MaxValue);
        var (now, topsNow) = (await PicturesAsync(store), await TopsAsync(store, after));
        var changed = topsNow.Where(top => tops[top.Key] != top.Value).Select(top => top.Key).ToHashSet();
        Assert.InRange(changed.Count, 1, tops.Count - 1);
        foreach (var (key, bytes) in now)
        {
            var parts = key.Split('/');
            var neuron = (parts[^3], int.Parse(parts[^1].Split('.')[0], System.Globalization.CultureInfo.InvariantCulture));
            // A picture that is made again says that it is of the grown atlas.
            var again = !pictures.TryGetValue(key, out var old) || !bytes.AsSpan().SequenceEqual(old);
            Assert.Equal(changed.Contains(neuron) && !key.Contains("preset3", StringComparison.Ordinal), again);
        }
    }

    private FolderObjectStore Store() => new(_folder.File($"{_number++}"), AtlasKeys.Root("small"));

    // Of all pictures, the list knows which is which by its name.
    private static int NumberOf(string path) => int.Parse(path[..4], System.Globalization.CultureInfo.InvariantCulture);

    private ImageList List(int[] numbers) => _small.Plan().Images is var all ? new([.. numbers.Select(number => all.Images[number])]) : all;

    private static KeepSpec? Keep(int choice, int count) => choice switch
    {
        0 => null,
        1 => new KeepSpec(count),
        2 => new KeepSpec(count, Positions: true),
        _ => new KeepSpec(Math.Min(count, 9), Positions: true),
    };

    private AtlasSpec Ask(int[] images, int layers, int shard)
    {
        var spec = _small.Plan().Spec;
        LayerSpec[] chosen = [.. spec.Layers.Where((_, i) => (layers >> i & 1) == 1).Select((layer, i) => layer with
        {
            Index = i, Inputs = i == 0 ? [] : [i - 1],
        })];
        return spec with
        {
            Images = spec.Images with { Count = images.Length, ManifestHash = string.Join('-', images) },
            Layers = chosen,
            Network = [.. spec.Layers.Select((layer, i) => new NetworkLayer(layer.Name, i == 0 ? [] : [i - 1]))],
            ShardImages = shard,
            // One by one: kernels for other numbers of images round differently in the last digits.
            BatchSize = 1,
            StableSamples = true,
        };
    }

    private async Task<ImageList> ListOfAsync(FolderObjectStore store, AtlasSpec spec)
        => VizJson.Read<ImageList>(await store.GetAsync(AtlasKeys.ImageList(spec.Id), _cancellation));

    private async Task WriteAsync(FolderObjectStore store, AtlasSpec spec, ImageList list)
    {
        Assert.Empty(spec.Faults());
        await store.PutAsync(AtlasKeys.Spec(spec.Id), VizJson.Write(spec), _cancellation);
        await store.PutAsync(AtlasKeys.ImageList(spec.Id), VizJson.Write(list), _cancellation);
    }

    // Like the workers: a job whose result is there is done.
    private async Task RunAsync(FolderObjectStore store, AtlasSpec spec, int jobs)
    {
        using var runtimes = new AtlasRuntimes(
            store, new ModelFiles(store, Settings, NullLogger<ModelFiles>.Instance), new ImageRoot(null, null), Settings,
            NullLogger<AtlasRuntimes>.Instance);
        var runtime = await runtimes.OpenAsync(SmallAtlas.Cpu(), spec.Id, _cancellation);
        var gate = new DeviceGate(Settings, TimeProvider.System, NullLogger<DeviceGate>.Instance);
        foreach (var job in JobPlan.For(spec).Take(jobs))
        {
            var key = JobKinds.Get(job.Command).GetResultKeyOf(spec, job.Command);
            if (await store.TryGetAsync(key, _cancellation) is { } known && JobKindRow.IsResultOf(job.Command, known))
                continue;
            var none = new Progress<int>();
            await store.PutAsync(key, job.Command switch
            {
                ScanShard scan => await new ScanShardHandler(store, gate, Settings).RunAsync(runtime, scan, none, _cancellation),
                GatherShards gather => await new GatherShardsHandler(store).RunAsync(runtime, gather, none, _cancellation),
                MergeLayer merge => await new MergeLayerHandler(store).RunAsync(runtime, merge, none, _cancellation),
                RenderPatches patches => await new RenderPatchesHandler(store).RunAsync(runtime, patches, none, _cancellation),
                AscendNeurons ascent => await new AscendNeuronsHandler(store).RunAsync(runtime, ascent, none, _cancellation),
                RenderSheet sheet => await new RenderSheetHandler(store).RunAsync(runtime, sheet, none, _cancellation),
                _ => throw new NotSupportedException(),
            }, _cancellation);
        }
    }

    private async Task<Dictionary<string, byte[]>> PicturesAsync(FolderObjectStore store)
    {
        var pictures = new Dictionary<string, byte[]>();
        await foreach (var key in store.ListAsync($"{AtlasKeys.Root("small")}/pictures/", _cancellation))
            pictures.Add(key, await store.GetAsync(key, _cancellation));
        return pictures;
    }

    private async Task<Dictionary<(string Layer, int Channel), string>> TopsAsync(FolderObjectStore store, AtlasSpec spec)
    {
        var tops = new Dictionary<(string, int), string>();
        foreach (var layer in spec.Layers)
        {
            var table = VizJson.Read<LayerTable>(await store.GetAsync(AtlasKeys.LayerTable(spec.Id, layer.Name), _cancellation));
            foreach (var channel in Enumerable.Range(0, layer.Channels))
                tops.Add((AtlasKeys.LayerFileName(layer.Name), channel), string.Join(' ', table.Patches
                    .Where(patch => patch.Channel == channel).Select(patch => $"{patch.Image}:{patch.Y},{patch.X}")));
        }
        return tops;
    }

    private async Task AssertSameAsync(FolderObjectStore once, AtlasSpec atOnce, FolderObjectStore grown, AtlasSpec spec)
    {
        var keys = await KeysAsync(once);
        Assert.Equal(keys, await KeysAsync(grown));
        foreach (var key in keys)
        {
            var (one, other) = (await once.GetAsync(key, _cancellation), await grown.GetAsync(key, _cancellation));
            if (key.EndsWith(".png", StringComparison.Ordinal))
                Assert.Equal(Png.Decode(one, key).Pixels, Png.Decode(other, key).Pixels);
            else if (key.EndsWith("tally.safetensors", StringComparison.Ordinal))
                AssertSame(TallyFormat.Read(one, key), TallyFormat.Read(other, key));
            else if (key.EndsWith(".json", StringComparison.Ordinal))
                SameNumbers.Assert(Text(one), Text(other));
            else
                Assert.True(one.AsSpan().SequenceEqual(other), $"{key} differs");
        }
        foreach (var layer in atOnce.Layers)
        {
            var one = await KeptActivations.OpenAsync(once, "small", layer.Name, _cancellation);
            var other = await KeptActivations.OpenAsync(grown, "small", layer.Name, _cancellation);
            Assert.Equal((spec.Keep?.Images, one?.Index.Images), (other?.Index.Rows, other?.Index.Images));
            Assert.Equal(one?.Index.Sample, other?.Index.Sample);
            // A block has another name once it has become longer; the bytes, and so the hashes, are the same.
            Assert.Equal(
                one?.Index.Activations.Concat(one.Index.Positions ?? []).Select(block => block.Sha256),
                other?.Index.Activations.Concat(other.Index.Positions ?? []).Select(block => block.Sha256));
            foreach (var block in other is null ? [] : other.Index.Activations.Concat(other.Index.Positions ?? []))
            {
                var file = await grown.GetAsync(AtlasKeys.ActivationBlock("small", layer.Name, block.Key), _cancellation);
                Assert.Equal(block.Sha256, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file)));
            }
        }
        // Nothing is there twice.
        Assert.Equal(await CountAsync(once), await CountAsync(grown));
    }

    // Layers have numbers in the order in which they came.
    private static string Text(byte[] json) => Regex.Replace(System.Text.Encoding.UTF8.GetString(json), "\"layer\":[0-9]+", "\"layer\":0");

    private static void AssertSame(LayerTally one, LayerTally other)
    {
        Assert.Equal((one.Images, one.Distribution.IsExact), (other.Images, other.Distribution.IsExact));
        Assert.Equal(one.Profiles, other.Profiles);
        Assert.Equal(one.Min, other.Min);
        Assert.Equal(one.Max, other.Max);
        Assert.Equal(one.Positive, other.Positive);
        for (var neuron = 0; neuron < one.Neurons; neuron++)
        {
            Assert.Equal(one.Top.GetAll(neuron).ToArray(), other.Top.GetAll(neuron).ToArray());
            Assert.Equal(one.Sums[neuron], other.Sums[neuron], 1e-9);
            Assert.Equal(one.Squares[neuron], other.Squares[neuron], 1e-9);
            Assert.Equal(
                one.Distribution.GetValues(neuron, one.Min[neuron], one.Max[neuron]).Values,
                other.Distribution.GetValues(neuron, one.Min[neuron], one.Max[neuron]).Values);
        }
    }

    private async Task<List<string>> KeysAsync(FolderObjectStore store)
        => (await store.ListAsync("", _cancellation).ToListAsync(_cancellation)).Where(key => !Regex.IsMatch(
            key, "/(scan|activations|machines)/|/spec.json$|class-means")).Order(StringComparer.Ordinal).ToList();

    private async Task<int> CountAsync(FolderObjectStore store) => (await store.ListAsync("", _cancellation)
        .ToListAsync(_cancellation)).Count(key => key.Contains("/activations/", StringComparison.Ordinal));
}
