using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Zoo;

/// <summary>Inception v3 (Szegedy et al. 2015, arXiv 1512.00567), without the auxiliary classifier, which is only for training.</summary>
internal static class InceptionV3
{
    public static NetworkGraph Build(Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var net = new ZooBuilder(input, weights);
        var x = Conv(net, net.TransformInput(), "Conv2d_1a_3x3", 32, 3, 3, stride: 2, pads: false);
        x = Conv(net, Conv(net, x, "Conv2d_2a_3x3", 32, 3, 3, pads: false), "Conv2d_2b_3x3", 64, 3, 3);
        x = Conv(net, net.MaxPool(x, "maxpool1", 3, 2), "Conv2d_3b_1x1", 80, 1, 1);
        x = net.MaxPool(Conv(net, x, "Conv2d_4a_3x3", 192, 3, 3, pads: false), "maxpool2", 3, 2);
        x = BlockA(net, BlockA(net, BlockA(net, x, "Mixed_5b", 32), "Mixed_5c", 64), "Mixed_5d", 64);
        x = BlockB(net, x, "Mixed_6a");
        x = BlockC(net, BlockC(net, BlockC(net, BlockC(net, x, "Mixed_6b", 128), "Mixed_6c", 160), "Mixed_6d", 160), "Mixed_6e", 192);
        x = BlockE(net, BlockE(net, BlockD(net, x, "Mixed_7a"), "Mixed_7b"), "Mixed_7c");
        return net.BuildWithHead("inception_v3", x, "avgpool", "fc", "AuxLogits.");
    }

    private static int BlockA(ZooBuilder net, int x, string name, int pooled) => net.Concat(
        name,
        Conv(net, x, $"{name}.branch1x1", 64, 1, 1),
        Conv(net, Conv(net, x, $"{name}.branch5x5_1", 48, 1, 1), $"{name}.branch5x5_2", 64, 5, 5),
        Conv(net, Conv(
            net, Conv(net, x, $"{name}.branch3x3dbl_1", 64, 1, 1), $"{name}.branch3x3dbl_2", 96, 3, 3), $"{name}.branch3x3dbl_3", 96, 3, 3),
        Pooled(net, x, name, pooled));

    private static int BlockB(ZooBuilder net, int x, string name)
    {
        var doubled = Conv(net, Conv(net, x, $"{name}.branch3x3dbl_1", 64, 1, 1), $"{name}.branch3x3dbl_2", 96, 3, 3);
        return net.Concat(
            name,
            Conv(net, x, $"{name}.branch3x3", 384, 3, 3, stride: 2, pads: false),
            Conv(net, doubled, $"{name}.branch3x3dbl_3", 96, 3, 3, stride: 2, pads: false),
            net.MaxPool(x, $"{name}.pool", 3, 2));
    }

    private static int BlockC(ZooBuilder net, int x, string name, int width)
    {
        var single = Conv(net, Conv(net, x, $"{name}.branch7x7_1", width, 1, 1), $"{name}.branch7x7_2", width, 1, 7);
        var doubled = Conv(net, Conv(net, x, $"{name}.branch7x7dbl_1", width, 1, 1), $"{name}.branch7x7dbl_2", width, 7, 1);
        doubled = Conv(net, Conv(net, doubled, $"{name}.branch7x7dbl_3", width, 1, 7), $"{name}.branch7x7dbl_4", width, 7, 1);
        return net.Concat(
            name,
            Conv(net, x, $"{name}.branch1x1", 192, 1, 1),
            Conv(net, single, $"{name}.branch7x7_3", 192, 7, 1),
            Conv(net, doubled, $"{name}.branch7x7dbl_5", 192, 1, 7),
            Pooled(net, x, name, 192));
    }

    private static int BlockD(ZooBuilder net, int x, string name)
    {
        var seven = Conv(net, Conv(net, x, $"{name}.branch7x7x3_1", 192, 1, 1), $"{name}.branch7x7x3_2", 192, 1, 7);
        return net.Concat(
            name,
            Conv(net, Conv(net, x, $"{name}.branch3x3_1", 192, 1, 1), $"{name}.branch3x3_2", 320, 3, 3, stride: 2, pads: false),
            Conv(net, Conv(net, seven, $"{name}.branch7x7x3_3", 192, 7, 1), $"{name}.branch7x7x3_4", 192, 3, 3, stride: 2, pads: false),
            net.MaxPool(x, $"{name}.pool", 3, 2));
    }

    private static int BlockE(ZooBuilder net, int x, string name)
    {
        var single = Conv(net, x, $"{name}.branch3x3_1", 384, 1, 1);
        var doubled = Conv(net, Conv(net, x, $"{name}.branch3x3dbl_1", 448, 1, 1), $"{name}.branch3x3dbl_2", 384, 3, 3);
        return net.Concat(
            name,
            Conv(net, x, $"{name}.branch1x1", 320, 1, 1),
            net.Concat($"{name}.branch3x3", Conv(net, single, $"{name}.branch3x3_2a", 384, 1, 3),
                Conv(net, single, $"{name}.branch3x3_2b", 384, 3, 1)),
            net.Concat($"{name}.branch3x3dbl", Conv(net, doubled, $"{name}.branch3x3dbl_3a", 384, 1, 3),
                Conv(net, doubled, $"{name}.branch3x3dbl_3b", 384, 3, 1)),
            Pooled(net, x, name, 192));
    }

    private static int Pooled(ZooBuilder net, int x, string name, int outputs) =>
        Conv(net, net.AveragePool(x, $"{name}.pool", 3, 1, 1), $"{name}.branch_pool", outputs, 1, 1);

    private static int Conv(ZooBuilder net, int x, string name, int outputs, int height, int width, int stride = 1, bool pads = true)
    {
        var window = new Window(Axis(height), Axis(width));
        return net.Relu(net.BatchNorm(net.Conv(x, $"{name}.conv", outputs, window, 1, bias: false), $"{name}.bn", 1e-3), $"{name}.relu");

        WindowAxis Axis(int kernel) => new(kernel, stride, pads ? kernel / 2 : 0, pads ? kernel / 2 : 0);
    }
}
