using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Methods.Input;
using VizPipeline.Methods.Search;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Import;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>The sample network finds the same patches with any batch and shard size.</summary>
[Collection(VizProcesses.Name)]
public class ShardTests(SampleMaterial material, ITestOutputHelper output)
{
    private const int Count = 45;

    [Theory]
    [InlineData(45, 1)]
    [InlineData(45, 7)]
    [InlineData(11, 4)]
    public async Task Other_shard_and_batch_sizes_find_the_same_patches(int shard, int batch)
    {
        var graph = NetworkLoader.Load(material.Model);
        using var runner = new NetworkRunner(graph);
        var preprocessing = Preprocessing.Load(Preprocessing.FindBeside(material.Model)!, graph.InputShape.Height, graph.InputShape.Width);
        var manifest = ImageManifest.Build(material.Images, new ImageSetOptions { Limit = Count }, null, TestContext.Current.CancellationToken);
        var crops = new CropSource(manifest, material.Images, preprocessing);

        var whole = (await Search(runner, crops, 0, Count, 32)).Tallies;
        var merged = graph.Layers.Select(layer => new LayerTally(layer.Neurons, exact: true)).ToArray();
        for (var first = 0; first < Count; first += shard)
        {
            var part = (await Search(runner, crops, first, Math.Min(Count, first + shard), batch)).Tallies;
            for (var layer = 0; layer < merged.Length; layer++)
                merged[layer].Merge(part[layer]);
        }

        for (var layer = 0; layer < merged.Length; layer++)
            AssertSame(graph.Layers[layer].Name, whole[layer], merged[layer]);
    }

    private void AssertSame(string layer, LayerTally whole, LayerTally merged)
    {
        Assert.Equal(whole.Images, merged.Images);
        Assert.Equal(whole.Positive, merged.Positive);
        var (different, worst) = (0, 0.0);
        for (var neuron = 0; neuron < whole.Neurons; neuron++)
        {
            different += whole.Top[neuron].SequenceEqual(merged.Top[neuron]) ? 0 : 1;
            worst = Math.Max(worst, Math.Abs(whole.Sums[neuron] - merged.Sums[neuron]) / Math.Max(1e-30, Math.Abs(whole.Sums[neuron])));
        }
        output.WriteLine($"{layer}: {different} of {whole.Neurons} tables differ, sums by {worst:0.0e0}");
        Assert.Equal(0, different);
        Assert.True(worst <= 1e-9, $"{layer}: sums differ by {worst}");
    }

    private static async Task<TopPatchSearch> Search(NetworkRunner runner, CropSource crops, int first, int end, int batchSize)
    {
        var search = new TopPatchSearch(runner, runner.Graph.Layers, exact: true);
        await foreach (var batch in crops.ReadBatches([.. Enumerable.Range(first, end - first)], batchSize, 2, TestContext.Current.CancellationToken))
        {
            using (batch)
            {
                using var scope = torch.NewDisposeScope();
                using var mode = torch.inference_mode();
                search.Add(ImageTensor.Of(batch.Pixels, batch.Indices.Count, crops.Preprocessing, runner.Device), [.. batch.Indices], new int?[batch.Indices.Count]);
            }
        }
        return search;
    }
}
