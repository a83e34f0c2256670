using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Zoo;

/// <summary>Tiny Darknet of the Darknet project: 16 convolutions, leaky ReLUs of slope 0.1, 1000 maps averaged to logits.</summary>
internal static class TinyDarknet
{
    // Output channels and kernel size of each convolution; 0 is a 2x2 pooling.
    private static readonly (int Outputs, int Kernel)[] Plan =
    [
        (16, 3), (0, 2), (32, 3), (0, 2), (16, 1), (128, 3), (16, 1), (128, 3), (0, 2), (32, 1), (256, 3), (32, 1), (256, 3), (0, 2),
        (64, 1), (512, 3), (64, 1), (512, 3), (128, 1), (1000, 1),
    ];

    public static NetworkGraph Build(Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var (net, x, conv, pool) = (new ZooBuilder(input, weights), GraphBuilder.Input, 0, 0);
        foreach (var (outputs, kernel) in Plan)
        {
            if (outputs == 0)
            {
                x = net.MaxPool(x, $"pool{++pool}", kernel, 2);
                continue;
            }
            var isLast = ++conv == 16;
            x = net.Conv(x, $"conv{conv}", outputs, kernel, 1, kernel / 2, bias: isLast);
            if (!isLast)
                x = net.Graph.Add($"leaky{conv}", new LeakyRelu(0.1), net.BatchNorm(x, $"bn{conv}", 1e-3));
        }
        return net.Build("tiny-darknet", net.Flatten(net.AdaptiveAveragePool(x, "avgpool", 1)));
    }
}
