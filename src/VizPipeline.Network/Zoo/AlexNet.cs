using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Zoo;

/// <summary>AlexNet as in torchvision: one tower, no local response normalisation (Krizhevsky 2014, arXiv 1404.5997).</summary>
internal static class AlexNet
{
    public static NetworkGraph Build(Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var net = new ZooBuilder(input, weights);
        var x = net.Relu(net.Conv(GraphBuilder.Input, "features.0", 64, 11, 4, 2), "features.1");
        x = net.MaxPool(x, "features.2", 3, 2);
        x = net.Relu(net.Conv(x, "features.3", 192, 5, 1, 2), "features.4");
        x = net.MaxPool(x, "features.5", 3, 2);
        x = net.Relu(net.Conv(x, "features.6", 384, 3, 1, 1), "features.7");
        x = net.Relu(net.Conv(x, "features.8", 256, 3, 1, 1), "features.9");
        x = net.Relu(net.Conv(x, "features.10", 256, 3, 1, 1), "features.11");
        x = net.MaxPool(x, "features.12", 3, 2);
        return net.BuildWithHead(
            "alexnet", x, ("avgpool", 6), ["classifier.1", "classifier.4", "classifier.6"], y =>
            {
                y = net.Relu(net.Linear(net.Flatten(y), "classifier.1", 4096), "classifier.2");
                y = net.Relu(net.Linear(y, "classifier.4", 4096), "classifier.5");
                return net.Linear(y, "classifier.6", 1000);
            });
    }
}
