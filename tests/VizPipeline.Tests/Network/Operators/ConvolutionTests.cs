using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;
using F = TorchSharp.torch.nn.functional;

namespace VizPipeline.Tests.Network.Operators;

/// <summary>The way back through a convolution, however it is computed, against torch's transposed convolution.</summary>
public class ConvolutionTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 40)];

    [Theory, MemberData(nameof(Seeds))]
    public void The_way_back_equals_the_transposed_convolution(int seed)
    {
        var random = new Random(seed);
        int Pick(params int[] choices) => choices[random.Next(choices.Length)];
        var (groups, stride, dilation) = (Pick(1, 2, 3, 6), random.Next(1, 5), Pick(1, 1, 2));
        var (kernelY, kernelX) = (random.Next(1, 6), random.Next(1, 6));
        var (padY, padX) = (random.Next((kernelY + 1) / 2), random.Next((kernelX + 1) / 2));
        var (inputs, outputs, height, width) = (6, groups * random.Next(1, 3), random.Next(17, 24), random.Next(17, 24));
        var weight = RandomNetworks.Weight(random, "weight", outputs, inputs / groups, kernelY, kernelX);
        var window = new Window(
            new WindowAxis(kernelY, stride, padY, padY, dilation), new WindowAxis(kernelX, stride, padX, padX, dilation));
        var graph = new GraphBuilder(new Shape(inputs, height, width));
        var network = graph.Build("one", graph.Add("conv", new Convolution(weight, null, window, groups), GraphBuilder.Input));

        using var runner = new NetworkRunner(network);
        using var mode = torch.inference_mode();
        using var images = RandomNetworks.Images(network, 2, seed);
        using var geometry = new PassGeometry(runner, RegionPlan.Whole(network, network.Output));
        using var pass = new Pass(geometry, ReverseRule.Deconvolution);
        var output = pass.Forward(images);
        var actual = pass.Reverse(output.clone());

        using var taps = torch.tensor(weight.Values, [.. weight.Shape.Select(extent => (long)extent)]);
        var seen = F.conv_transpose2d(output, taps, null, [stride, stride], [0, 0], [0, 0], [dilation, dilation], groups);
        // What no window sees gets nothing; borders that were padded are cut off.
        var whole = F.pad(seen, [0, Math.Max(0, width + padX - seen.shape[3]), 0, Math.Max(0, height + padY - seen.shape[2])]);
        var expected = whole.narrow(2, padY, height).narrow(3, padX, width);
        Assert.Equal(expected.shape, actual.shape);
        Assert.InRange((expected - actual).abs().max().item<float>(), 0, 1e-5f * (1 + expected.abs().max().item<float>()));
    }
}
