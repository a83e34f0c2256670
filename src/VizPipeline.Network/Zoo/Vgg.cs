using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Zoo;

/// <summary>VGG 11, 13, 16 and 19, plain and with batch normalisation (Simonyan and Zisserman 2014, arXiv 1409.1556).</summary>
internal static class Vgg
{
    public static IEnumerable<string> Names { get; } = ["vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn"];

    private static readonly int[] Widths = [64, 128, 256, 512, 512];

    public static NetworkGraph Build(string name, Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var (net, x, index) = (new ZooBuilder(input, weights), GraphBuilder.Input, 0);
        var normalised = name.EndsWith("_bn", StringComparison.Ordinal);
        var convolutions = ConvolutionsPerBlock(name);
        for (var block = 0; block < Widths.Length; block++)
        {
            for (var i = 0; i < convolutions[block]; i++)
            {
                x = net.Conv(x, $"features.{index++}", Widths[block], 3, 1, 1);
                if (normalised)
                    x = net.BatchNorm(x, $"features.{index++}");
                x = net.Relu(x, $"features.{index++}");
            }
            x = net.MaxPool(x, $"features.{index++}", 2, 2);
        }
        return net.BuildWithHead(
            name, x, ("avgpool", 7), ["classifier.0", "classifier.3", "classifier.6"], y =>
            {
                y = net.Relu(net.Linear(net.Flatten(y), "classifier.0", 4096), "classifier.1");
                y = net.Relu(net.Linear(y, "classifier.3", 4096), "classifier.4");
                return net.Linear(y, "classifier.6", 1000);
            });
    }

    private static int[] ConvolutionsPerBlock(string name) => name[..5] switch
    {
        "vgg11" => [1, 1, 2, 2, 2],
        "vgg13" => [2, 2, 2, 2, 2],
        "vgg16" => [2, 2, 3, 3, 3],
        _ => [2, 2, 4, 4, 4],
    };
}
