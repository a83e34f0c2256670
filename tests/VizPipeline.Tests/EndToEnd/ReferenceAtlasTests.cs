using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Methods.Input;
using VizPipeline.Methods.Search;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Network.Graph;
using VizPipeline.Tests.Methods;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>
/// Tiny Darknet over 500 photographs, from JPEG files to tables and statistics, compared with the output of an independent program.
/// </summary>
[Trait("Speed", "Slow")]
public class ReferenceAtlasTests(ITestOutputHelper output)
{
    private const double Tolerance = 1e-3;

    [Fact]
    public async Task Top_patches_and_statistics_equal_the_reference()
    {
        var (folder, reference) = (TestData.Path("images"), TinyDarknetReference.Npz("dev-top9.npz"));
        var graph = TinyDarknetReference.Graph();
        var manifest = ImageManifest.Build(folder, new ImageSetOptions(), null, TestContext.Current.CancellationToken);
        Assert.Equal(reference.Array("images").ToStrings(), manifest.Entries.Select(entry => entry.Path));
        using var runner = new NetworkRunner(graph);
        var search = await Search(runner, new CropSource(manifest, folder, Preprocessing.Unit(224, 224)));

        Assert.Multiple(
            [.. search.Layers.Select((layer, i) => (Action)(() => Compare(layer, search.Tallies[i], new Expected(reference, layer))))]);
    }

    private void Compare(Layer layer, LayerTally tally, Expected expected)
    {
        var (shared, worstShared, worstSorted, worstFacts, wrongBoxes) = (0, 0.0, 0.0, 0.0, 0);
        for (var neuron = 0; neuron < tally.Neurons; neuron++)
        {
            var entries = tally.Top[neuron];
            for (var rank = 0; rank < TopTable.Size; rank++)
            {
                worstSorted = Math.Max(worstSorted, Relative(entries[rank].Value, expected.Values[(neuron * 9) + rank]));
                var other = expected.RankOf(neuron, entries[rank].Image);
                shared += other is null ? 0 : 1;
                if (other is not { } at || expected.PositionAt(at) != entries[rank].Position)
                    continue;
                worstShared = Math.Max(worstShared, Relative(entries[rank].Value, expected.Values[at]));
                wrongBoxes += ClippedBox(layer, entries[rank].Position) == expected.BoxAt(at) ? 0 : 1;
            }
            worstFacts = Math.Max(worstFacts, expected.WorstFact(neuron, NeuronStatistics.Compute(tally, neuron, layer.IsRectified)!));
        }
        var overlap = shared / (9.0 * tally.Neurons);
        output.WriteLine(
            $"{layer.Name}: overlap {overlap:0.0000}, values differ by {worstShared:0.0e0} (same patch) "
            + $"and {worstSorted:0.0e0} (same rank), statistics by {worstFacts:0.0e0}");

        // To the first two layers, flat areas of many photographs are equal: the last bit decides which of them is in the top nine.
        var isEarly = layer.Name is "conv1" or "conv2";
        Assert.True(isEarly
            || overlap >= (layer.Name == "logits" ? 0.99 : 0.97), $"{layer.Name}: only {overlap:0.0000} of the nine are the reference's");
        Assert.True((isEarly ? worstSorted : worstShared) <= Tolerance, $"{layer.Name}: values differ by {worstShared} and {worstSorted}");
        Assert.True(worstFacts <= Tolerance, $"{layer.Name}: statistics differ by {worstFacts}");
        Assert.Equal(0, wrongBoxes);
    }

    private static double Relative(double value, double expected) => Math.Abs(value - expected) / Math.Max(Math.Abs(expected), 1e-2);

    private static (int Y0, int X0, int Y1, int X1) ClippedBox(Layer layer, int position)
    {
        var (y, x) = Math.DivRem(position, layer.Shape.Width);
        var box = layer.Field.At(y, x).Clip(224, 224);
        return (box.Y0, box.X0, box.Y1, box.X1);
    }

    private static async Task<TopPatchSearch> Search(NetworkRunner runner, CropSource crops)
    {
        var search = new TopPatchSearch(runner, runner.Graph.Layers, exact: true, crops.Manifest.Entries.Count);
        await foreach (var batch in crops.ReadBatches(
            [.. Enumerable.Range(0, crops.Manifest.Entries.Count)], 32, 2, TestContext.Current.CancellationToken))
        {
            using (batch)
            {
                Assert.Empty(batch.Skipped);
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

    /// <summary>One layer of the reference. Its output has neither positions nor boxes, as it depends on the whole image.</summary>
    private sealed class Expected
    {
        private readonly int _width;
        private readonly int[] _images;
        private readonly int[]? _places;
        private readonly int[]? _boxes;
        private readonly float[] _means;
        private readonly float[] _deviations;
        private readonly float[] _maxima;
        private readonly float[] _positive;

        public Expected(NpzFile file, Layer layer)
        {
            var (tap, isOutput) = (layer.Name == "logits" ? "logits" : $"{layer.Name}.act", layer.Name == "logits");
            (_width, _images, Values) = (layer.Shape.Width, file.Array($"{tap}.top_image").ToInts(), file.Array(
                $"{tap}.top_value").ToFloats());
            _places = isOutput ? null : file.Array($"{tap}.top_yx").ToInts();
            _boxes = isOutput ? null : file.Array($"{tap}.top_box_clipped").ToInts();
            (_means, _deviations) = (file.Array($"{tap}.max_mean").ToFloats(), file.Array($"{tap}.max_std").ToFloats());
            (_maxima, _positive) = (file.Array($"{tap}.max_max").ToFloats(), file.Array($"{tap}.frac_pos").ToFloats());
        }

        /// <summary>[neurons * 9].</summary>
        public float[] Values { get; }

        /// <summary>Returns the position of an image in <see cref="Values"/>, or null.</summary>
        public int? RankOf(int neuron, int image) => Array.IndexOf(_images, image, neuron * 9, 9) is >= 0 and var at ? at : null;

        public int PositionAt(int at) => _places is null ? 0 : (_places[at * 2] * _width) + _places[(at * 2) + 1];

        public (int Y0, int X0, int Y1, int X1) BoxAt(int at) =>
            _boxes is null ? (0, 0, 224, 224) : (_boxes[at * 4], _boxes[(at * 4) + 1], _boxes[(at * 4) + 2], _boxes[(at * 4) + 3]);

        public double WorstFact(int neuron, NeuronStatistics facts) => new[]
        {
            Relative(facts.Mean, _means[neuron]), Relative(facts.Deviation, _deviations[neuron]), Relative(facts.Max, _maxima[neuron]),
            Math.Abs(facts.FractionPositive - _positive[neuron]),
        }.Max();
    }
}
