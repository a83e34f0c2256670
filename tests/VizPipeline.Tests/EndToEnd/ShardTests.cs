using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Methods.Input;
using VizPipeline.Methods.Search;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Import;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>The sample network finds the same patches however its images are split into shards and batches.</summary>
[Collection(VizProcesses.Name)]
public class ShardTests(SampleMaterial material, ITestOutputHelper output)
{
    private const int Count = 45;

    [Fact]
    public async Task Shards_of_whole_batches_find_exactly_what_the_whole_finds()
    {
        var (whole, merged) = await SearchTwice(batchOfWhole: 8, shard: 16, batch: 8);
        for (var layer = 0; layer < merged.Length; layer++)
        {
            Assert.Equal(whole[layer].Positive, merged[layer].Positive);
            Assert.Equal(whole[layer].Profiles, merged[layer].Profiles);
            for (var neuron = 0; neuron < merged[layer].Neurons; neuron++)
            {
                Assert.Equal(whole[layer].Top[neuron], merged[layer].Top[neuron]);
                Assert.Equal(whole[layer].Sums[neuron], merged[layer].Sums[neuron], 1e-9 * Math.Abs(whole[layer].Sums[neuron]));
            }
        }
    }

    // Torch chooses its kernels by batch size, and they round differently in the last bits.
    [Theory]
    [InlineData(45, 1)]
    [InlineData(45, 7)]
    [InlineData(11, 4)]
    public async Task Other_batch_sizes_find_the_same_patches_up_to_rounding(int shard, int batch)
    {
        var (whole, merged) = await SearchTwice(batchOfWhole: 32, shard, batch);
        for (var layer = 0; layer < merged.Length; layer++)
            AssertClose(layer, whole[layer], merged[layer]);
    }

    private void AssertClose(int layer, LayerTally whole, LayerTally merged)
    {
        Assert.Equal(whole.Images, merged.Images);
        var (others, worst, scale) = (0, 0.0, whole.Max.Max(Math.Abs));
        for (var neuron = 0; neuron < whole.Neurons; neuron++)
        {
            for (var rank = 0; rank < TopTable.Size; rank++)
            {
                var (one, other) = (whole.Top[neuron][rank], merged.Top[neuron][rank]);
                others += one.Image == other.Image && one.Position == other.Position ? 0 : 1;
                worst = Math.Max(worst, Math.Abs(one.Value - other.Value) / scale);
            }
        }
        output.WriteLine(
            $"layer {layer}: {others} of {whole.Neurons * TopTable.Size} places hold another patch, "
            + $"values differ by {worst:0.0e0} of the largest");
        Assert.True(worst < 1e-5, $"layer {layer}: values differ by {worst}");
        Assert.True(others <= whole.Neurons * TopTable.Size / 100, $"layer {layer}: {others} places hold another patch");
    }

    private async Task<(IReadOnlyList<LayerTally> Whole, LayerTally[] Merged)> SearchTwice(int batchOfWhole, int shard, int batch)
    {
        var graph = NetworkLoader.Load(material.Model);
        using var runner = new NetworkRunner(graph);
        var preprocessing = Preprocessing.Load(Preprocessing.FindBeside(material.Model)!, graph.InputShape.Height, graph.InputShape.Width);
        var manifest = ImageManifest.Build(
            material.Images, new ImageSetOptions { Selection = new() { Limit = Count } }, null, TestContext.Current.CancellationToken);
        var crops = new CropSource(manifest, material.Images, preprocessing);
        var whole = (await Search(runner, crops, 0, Count, batchOfWhole)).Tallies;
        var merged = graph.Layers.Select(layer => new LayerTally(layer.Neurons, exact: true, Count)).ToArray();
        for (var first = 0; first < Count; first += shard)
        {
            var part = (await Search(runner, crops, first, Math.Min(Count, first + shard), batch)).Tallies;
            for (var layer = 0; layer < merged.Length; layer++)
                merged[layer].Merge(part[layer]);
        }
        return (whole, merged);
    }

    private static async Task<TopPatchSearch> Search(NetworkRunner runner, CropSource crops, int first, int end, int batchSize)
    {
        var search = new TopPatchSearch(runner, runner.Graph.Layers, exact: true, Count);
        await foreach (var batch in crops.ReadBatches(
            [.. Enumerable.Range(first, end - first)], batchSize, 2, TestContext.Current.CancellationToken))
        {
            using (batch)
            {
                using var scope = torch.NewDisposeScope();
                using var mode = torch.inference_mode();
                search.Add(
                    ImageTensor.Create(batch.Pixels, batch.Indices.Count, crops.Preprocessing, runner.Device),
                    [.. batch.Indices],
                    new int?[batch.Indices.Count]);
            }
        }
        return search;
    }
}
