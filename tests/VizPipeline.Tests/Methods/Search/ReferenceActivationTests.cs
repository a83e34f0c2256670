using VizPipeline.Methods.Search;
using VizPipeline.Network.Execution;

namespace VizPipeline.Tests.Methods.Search;

/// <summary>Tiny Darknet's forward pass on sixteen decoded pictures against the recorded maxima, positions and logits.</summary>
public class ReferenceActivationTests
{
    [Fact]
    public void Maxima_positions_and_logits_equal_the_reference_on_decoded_crops()
    {
        var sample = TinyDarknetReference.Npz("dev-sample.npz");
        var graph = TinyDarknetReference.Graph();
        using var runner = new NetworkRunner(graph);
        using var input = TinyDarknetReference.Input(sample.Array("crops"));
        var search = new TopPatchSearch(runner, graph.Layers, exact: true, imageSet: 16);
        search.Add(input, [.. Enumerable.Range(0, 16)], new int?[16]);

        for (var i = 0; i < search.Layers.Count; i++)
        {
            var (layer, rows) = (search.Layers[i], search.Tallies[i].Distribution.Rows);
            var expected = layer.Name == "logits" ? sample.Array("logits").ToFloats() : sample.Array($"{layer.Name}.act.max").ToFloats();
            var scale = expected.Max(Math.Abs);
            for (var n = 0; n < 16; n++)
            {
                for (var c = 0; c < layer.Neurons; c++)
                    Assert.True(
                        Math.Abs(rows[n][c] - expected[(n * layer.Neurons) + c]) <= 1e-5 * scale,
                        $"{layer.Name} image {n} neuron {c}: {rows[n][c]}");
            }
            if (layer.Name != "logits")
                Assert.True(AgreeingPositions(search.Tallies[i], sample.Array($"{layer.Name}.act.argmax").ToInts()) > 0.98, layer.Name);
        }
    }

    // Flat areas hold many equal maxima, of which rounding picks another one.
    private static double AgreeingPositions(LayerTally tally, int[] positions)
    {
        var (same, all) = (0, 0);
        for (var c = 0; c < tally.Neurons; c++)
        {
            foreach (var entry in tally.Top[c])
            {
                all++;
                same += entry.Position == positions[(entry.Image * tally.Neurons) + c] ? 1 : 0;
            }
        }
        return (double)same / all;
    }
}
