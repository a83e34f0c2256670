using VizPipeline.Methods.Deconvolution;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Tests.Methods.Deconvolution;

/// <summary>Forty deconvolutions of an independent program, given the same pixels.</summary>
public class ReferenceDeconvolutionTests
{
    [Fact]
    public void Regions_give_the_reference_deconvolutions()
    {
        var (reference, sample) = (TinyDarknetReference.Npz("dev-deconv.npz"), TinyDarknetReference.Npz("dev-sample.npz"));
        var names = sample.Array("images").ToStrings();
        var graph = TinyDarknetReference.Graph();
        using var runner = new NetworkRunner(graph);
        using var input = TinyDarknetReference.Input(sample.Array("crops"));
        var (expected, layers, channels, images, yx, values) = (reference.Array("deconv").ToFloats(), reference.Array("layer").ToStrings(),
            reference.Array("channel").ToInts(), reference.Array("image").ToStrings(), reference.Array("yx").ToInts(), reference.Array("value").ToFloats());
        var compared = 0;
        for (var i = 0; i < layers.Length; i++)
        {
            var image = Array.IndexOf(names, images[i]);
            if (image < 0)
                continue; // its pixels are not among the decoded ones
            compared++;
            var projection = new BackProjection(runner, graph.Layer(layers[i]), ReverseRule.Deconvolution);
            var result = projection.Run(input[image].unsqueeze(0), new Sites([0], [yx[2 * i]], [yx[(2 * i) + 1]]), [channels[i]]);
            Assert.Equal(values[i], result.Activations[0], 1e-4 * Math.Abs(values[i]));
            Assert.True(Cosine(result.Cut(0, new Box(0, 0, 224, 224)), expected.AsSpan(i * 3 * 224 * 224, 3 * 224 * 224)) >= 0.99999, $"{layers[i]} {channels[i]}");
        }
        Assert.True(compared > 0, "no picture of the deconvolutions is among the decoded ones");
    }

    internal static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var (dot, aa, bb) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
            (dot, aa, bb) = (dot + ((double)a[i] * b[i]), aa + ((double)a[i] * a[i]), bb + ((double)b[i] * b[i]));
        return dot / Math.Sqrt(aa * bb);
    }
}
