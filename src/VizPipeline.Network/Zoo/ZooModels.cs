using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Zoo;

/// <summary>An architecture that VizPipeline knows by name.</summary>
/// <param name="Name">torchvision's name, for example <c>resnet18</c>.</param>
/// <param name="InputSize">Height and width that its ImageNet weights were trained for.</param>
/// <param name="Build">Builds the network from an input shape and a state dict (null for placeholders).</param>
public sealed record ZooModel(string Name, int InputSize, Func<Shape, IReadOnlyDictionary<string, FloatTensor>?, NetworkGraph> Build)
{
    /// <summary>Its official weights, the default ones first; empty for an architecture that torchvision does not have.</summary>
    public IReadOnlyList<ZooWeights> Weights => ZooWeightsTable.Find(Name);

    internal string FirstConvolution => field ??= Plan().Nodes.Select(node => node.Operator).OfType<Convolution>().First().Weight.Name;

    /// <summary>Builds the network without weights for its usual input, which is enough to plan it.</summary>
    public NetworkGraph Plan() => Build(new Shape(3, InputSize, InputSize), null);

    /// <summary>
    /// Returns the number of channels of the images that <paramref name="weights"/> were trained on, read from the first convolution: 3
    /// except for grey and other images.
    /// </summary>
    public int ChannelsOf(IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        return weights is not null
            && weights.TryGetValue(FirstConvolution, out var weight) && weight.Shape is [_, > 0 and var channels, _, _] ? channels : 3;
    }
}

/// <summary>The supported architectures by name.</summary>
public static class ZooModels
{
    /// <summary>All architectures, grouped by family.</summary>
    public static IReadOnlyList<ZooModel> All { get; } =
    [
        new("alexnet", 224, AlexNet.Build),
        .. Family(Vgg.Names, Vgg.Build),
        .. Family(["squeezenet1_0", "squeezenet1_1"], SqueezeNet.Build),
        .. Family(ResNet.Names, ResNet.Build),
        new("googlenet", 224, GoogLeNet.Build),
        new("inception_v3", 299, InceptionV3.Build),
        .. Family(DenseNet.Names, DenseNet.Build),
        new("mobilenet_v2", 224, MobileNetV2.Build),
        .. Family(MobileNetV3.Names, MobileNetV3.Build),
        .. Family(EfficientNet.Names, EfficientNet.Build),
        .. Family(ShuffleNetV2.Names, ShuffleNetV2.Build),
        .. Family(MnasNet.Names, MnasNet.Build),
        .. Family(RegNet.Names, RegNet.Build),
        .. Family(ConvNeXt.Names, ConvNeXt.Build),
        new("tiny-darknet", 224, TinyDarknet.Build),
    ];

    /// <summary>Returns the architecture called <paramref name="name"/>, or null.</summary>
    public static ZooModel? Find(string name) => All.FirstOrDefault(model => model.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Returns the architecture whose name equals <paramref name="name"/> apart from punctuation and case (<c>resnet-50</c>,
    /// <c>EfficientNetB0</c>), or null.
    /// </summary>
    public static ZooModel? Nearest(string name)
    {
        return All.FirstOrDefault(model => Plain(model.Name) == Plain(name));

        static string Plain(string text) => string.Concat(text.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
    }

    private static IEnumerable<ZooModel> Family(
        IEnumerable<string> names, Func<string, Shape, IReadOnlyDictionary<string, FloatTensor>?, NetworkGraph> build) =>
        names.Select(
            name => new ZooModel(
            name, ZooWeightsTable.Find(name) is [var usual, ..] ? usual.Crop : 224, (input, weights) => build(name, input, weights)));
}
