using CsCheck;
using VizPipeline.ActivationStore;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.ObjectStore;

namespace VizPipeline.Tests.ActivationStore;

/// <summary>However the images are cut into shards, the layer's blocks are the same bytes, and every value is found again.</summary>
public sealed class ActivationWriterTests : IDisposable
{
    private const string Atlas = "demo";
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Any_sharding_gives_the_same_bytes()
    {
        var number = 0;
        await Gen.Select(Gen.Int[1, 60], Gen.Int[1, 70], Gen.Int[1, 25], Gen.Int[1, 25], Gen.Bool).SampleAsync(
            async (images, neurons, one, other, isSample) =>
            {
                int[]? sample = isSample ? EvenSample.Select(images, Math.Max(1, images / 3)) : null;
                var values = Values(images, neurons);
                var (first, second) = (Store($"{number++}"), Store($"{number++}"));
                await WriteAsync(first, values, neurons, sample, one, places: 100);
                await WriteAsync(second, values, neurons, sample, other, places: 100);
                var keys = await KeysAsync(first);
                Assert.Equal(keys, await KeysAsync(second));
                foreach (var key in keys)
                    Assert.Equal(await first.GetAsync(key, _cancellation), await second.GetAsync(key, _cancellation));
            }, iter: 40, threads: 1);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(70_000)]
    public async Task Every_value_is_found_by_neuron_by_image_and_in_the_file(int places)
    {
        const int Images = 10_000, Neurons = 5;
        var (store, values) = (Store("all"), Values(Images, Neurons));
        values[1234] = null;
        await WriteAsync(store, values, Neurons, null, shard: 777, places);
        var kept = (await KeptActivations.OpenAsync(store, Atlas, "conv1", _cancellation))!;
        Assert.Equal(3, kept.Index.Activations.Count);
        for (var neuron = 0; neuron < Neurons; neuron++)
        {
            Assert.Equal(
                values.Select(row => row is null ? float.NaN : (float)row[neuron]), await kept.ReadNeuronAsync(neuron, _cancellation));
            var positions = await kept.ReadPositionsAsync(neuron, _cancellation);
            Assert.Equal(Enumerable.Range(0, Images).Select(image => Position(image, neuron, places, values)), positions!);
        }
        foreach (var image in new[] { 0, 1233, 1234, 4095, 4096, 9999 })
            Assert.Equal(
                values[image] is { } row ? [.. row.Select(value => (float)value)] : Enumerable.Repeat(float.NaN, Neurons),
                await kept.ReadImageAsync(image, _cancellation));

        // Read by the reader of arbitrary NumPy files: the blocks, and the layer as one file.
        var block = NpyArray.Read(Path.Combine(_folder.Path, "all", "activations", "conv1", "activations-000001.npy"));
        Assert.Equal([4096, Neurons], block.Shape);
        Assert.Equal((float)values[5000]![3], block.ToFloats()[((5000 - 4096) * Neurons) + 3]);
        var file = _folder.File("layer.npy");
        await using (var stream = File.Create(file))
            await kept.WriteNpyAsync(stream, _cancellation);
        var whole = NpyArray.Read(file);
        Assert.Equal([Images, Neurons], whole.Shape);
        Assert.Equal(values.SelectMany(row => row is null ? Enumerable.Repeat(float.NaN, Neurons) : row.Select(value => (float)value)),
            whole.ToFloats());
    }

    [Fact]
    public async Task A_sample_keeps_its_images_and_no_others()
    {
        const int Images = 100, Neurons = 3;
        var (store, values, sample) = (Store("sample"), Values(Images, Neurons), EvenSample.Select(Images, 7));
        await WriteAsync(store, values, Neurons, sample, shard: 13, places: 1);
        var kept = (await KeptActivations.OpenAsync(store, Atlas, "conv1", _cancellation))!;
        Assert.Equal(sample, Enumerable.Range(0, kept.Index.Rows).Select(kept.Index.ImageOf));
        Assert.Equal(sample.Select(image => (float)values[image]![2]), await kept.ReadNeuronAsync(2, _cancellation));
        for (var image = -1; image <= Images; image++)
            Assert.Equal(Array.IndexOf(sample, image), kept.Index.RowOf(image));
    }

    [Fact]
    public async Task Shards_disappear_once_they_are_joined_and_not_before()
    {
        var (store, values) = (Store("delete"), Values(20, 2));
        var writer = new ActivationWriter(store, Atlas);
        await PutShardsAsync(writer, values, 2, null, shard: 8, places: 4);
        var before = await store.ListAsync("", _cancellation).ToListAsync(_cancellation);
        await writer.DeleteShardsAsync("conv1", 3, hasPositions: true, _cancellation);
        Assert.Equal(before, await store.ListAsync("", _cancellation).ToListAsync(_cancellation));
        await JoinAsync(writer, 20, 2, null, 8, 4);
        await writer.DeleteShardsAsync("conv1", 3, hasPositions: true, _cancellation);
        Assert.Equal(
            ["activations-000000.npy", "index.json", "positions-000000.npy"],
            (await store.ListAsync("", _cancellation).ToListAsync(_cancellation)).Select(key => key.Split('/')[^1]));
    }

    [Theory]
    [InlineData("index.json", "{}", "expected a ActivationIndex")]
    [InlineData("index.json", null, "contradict")]
    [InlineData("activations-000000.npy", "no file", "is no NumPy file")]
    public async Task Damage_is_named(string file, string? content, string message)
    {
        var store = Store("damaged");
        await WriteAsync(store, Values(20, 2), 2, null, shard: 8, places: 4);
        var path = Path.Combine(_folder.Path, "damaged", "activations", "conv1", file);
        content ??= (await File.ReadAllTextAsync(path, _cancellation)).Replace("\"rows\":20", "\"rows\":19", StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, content, _cancellation);
        var failure = await Assert.ThrowsAsync<CorruptTableException>(async () =>
        {
            var kept = await KeptActivations.OpenAsync(store, Atlas, "conv1", _cancellation);
            await kept!.ReadImageAsync(0, _cancellation);
        });
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        Assert.Contains(file, failure.Message, StringComparison.Ordinal);
    }

    private static Half[]?[] Values(int images, int neurons)
    {
        var random = new Random(images + neurons);
        return [.. Enumerable.Range(0, images).Select(_ => Enumerable.Range(0, neurons)
            .Select(_ => (Half)(random.NextDouble() * 10)).ToArray())];
    }

    private static int Position(int image, int neuron, int places, Half[]?[] values) =>
        values[image] is null ? 0 : (int)(((image * 31L) + neuron) % places);

    private FolderObjectStore Store(string name) => new(_folder.File(name), AtlasKeys.Root(Atlas));

    private async Task<List<string>> KeysAsync(FolderObjectStore store) =>
        await store.ListAsync($"{AtlasKeys.Root(Atlas)}/activations/", _cancellation).ToListAsync(_cancellation);

    private async Task WriteAsync(FolderObjectStore store, Half[]?[] values, int neurons, int[]? sample, int shard, int places)
    {
        var writer = new ActivationWriter(store, Atlas);
        await PutShardsAsync(writer, values, neurons, sample, shard, places);
        await JoinAsync(writer, values.Length, neurons, sample, shard, places);
    }

    private async Task PutShardsAsync(ActivationWriter writer, Half[]?[] values, int neurons, int[]? sample, int shard, int places)
    {
        foreach (var (number, images) in Shards(values.Length, sample, shard).Index())
        {
            await writer.PutShardAsync(
                number, "conv1", neurons, images.SelectMany(image => values[image] ?? Enumerable.Repeat(Half.NaN, neurons)).ToArray(),
                images.SelectMany(image => Enumerable.Range(0, neurons)
                    .Select(neuron => Position(image, neuron, places, values))).ToArray(),
                places, _cancellation);
        }
    }

    private Task<ActivationIndex> JoinAsync(
        ActivationWriter writer, int images, int neurons, int[]? sample, int shard, int places) => writer.JoinAsync(
        new LayerSpec { Index = 0, Name = "conv1", Kind = "conv", Channels = neurons, Height = 1, Width = places }, images, sample,
        hasPositions: true,
        [.. Shards(images, sample, shard)], _cancellation);

    private static IEnumerable<int[]> Shards(int images, int[]? sample, int shard) => Enumerable.Range(0, images).Chunk(shard)
        .Select(part => part.Where(image => sample is null || sample.Contains(image)).ToArray());
}
