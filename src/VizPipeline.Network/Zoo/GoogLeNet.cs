using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Zoo;

/// <summary>
/// GoogLeNet with batch normalisation as in torchvision (Szegedy et al. 2014, arXiv 1409.4842): its "5x5" branches are 3x3. The auxiliary
/// classifiers are only for training and are left out.
/// </summary>
internal static class GoogLeNet
{
    // Name, 1x1, 3x3 reduce, 3x3, "5x5" reduce, "5x5", pool projection.
    private static readonly (string Name, int[] Widths)[] Blocks =
    [
        ("3a", [64, 96, 128, 16, 32, 32]), ("3b", [128, 128, 192, 32, 96, 64]), ("4a", [192, 96, 208, 16, 48, 64]),
        ("4b", [160, 112, 224, 24, 64, 64]), ("4c", [128, 128, 256, 24, 64, 64]), ("4d", [112, 144, 288, 32, 64, 64]),
        ("4e", [256, 160, 320, 32, 128, 128]), ("5a", [256, 160, 320, 32, 128, 128]), ("5b", [384, 192, 384, 48, 128, 128]),
    ];

    public static NetworkGraph Build(Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var net = new ZooBuilder(input, weights);
        // torchvision's weights also contain the auxiliary heads.
        var x = net.MaxPool(Conv(net, net.TransformInput(), "conv1", 64, 7, 2, 3), "maxpool1", 3, 2, ceil: true);
        x = Conv(net, Conv(net, x, "conv2", 64, 1), "conv3", 192, 3, 1, 1);
        x = net.MaxPool(x, "maxpool2", 3, 2, ceil: true);
        foreach (var (name, widths) in Blocks)
        {
            x = Inception(net, x, $"inception{name}", widths);
            if (name is "3b")
                x = net.MaxPool(x, "maxpool3", 3, 2, ceil: true);
            else if (name is "4e")
                x = net.MaxPool(x, "maxpool4", 2, 2, ceil: true);
        }
        return net.BuildWithHead("googlenet", x, "avgpool", "fc", "aux1.", "aux2.");
    }

    private static int Inception(ZooBuilder net, int x, string name, int[] widths)
    {
        var one = Conv(net, x, $"{name}.branch1", widths[0], 1);
        var three = Conv(net, Conv(net, x, $"{name}.branch2.0", widths[1], 1), $"{name}.branch2.1", widths[2], 3, 1, 1);
        var five = Conv(net, Conv(net, x, $"{name}.branch3.0", widths[3], 1), $"{name}.branch3.1", widths[4], 3, 1, 1);
        var pool = Conv(net, net.MaxPool(x, $"{name}.branch4.0", 3, 1, 1, ceil: true), $"{name}.branch4.1", widths[5], 1);
        return net.Concat(name, one, three, five, pool);
    }

    private static int Conv(ZooBuilder net, int x, string name, int outputs, int kernel, int stride = 1, int pad = 0) =>
        net.Relu(net.BatchNorm(net.Conv(x, $"{name}.conv", outputs, kernel, stride, pad, bias: false), $"{name}.bn", 1e-3), $"{name}.relu");
}
