using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Zoo;

/// <summary>An architecture that VizPipeline knows by name.</summary>
/// <param name="Name">torchvision's name, for example <c>resnet18</c>.</param>
/// <param name="InputSize">Height and width that its ImageNet weights were trained for.</param>
/// <param name="Build">Makes the network from an input shape and a state dict (null: placeholders).</param>
public sealed record ZooModel(string Name, int InputSize, Func<Shape, IReadOnlyDictionary<string, FloatTensor>?, NetworkGraph> Build);

/// <summary>The architectures by name.</summary>
public static class ZooModels
{
    /// <summary>All of them, sorted by family.</summary>
    public static IReadOnlyList<ZooModel> All { get; } =
    [
        new("alexnet", 224, AlexNet.Build),
        .. Vgg.Names.Select(name => new ZooModel(name, 224, (input, weights) => Vgg.Build(name, input, weights))),
        new("squeezenet1_0", 224, (input, weights) => SqueezeNet.Build("squeezenet1_0", input, weights)),
        new("squeezenet1_1", 224, (input, weights) => SqueezeNet.Build("squeezenet1_1", input, weights)),
        .. ResNet.Names.Select(name => new ZooModel(name, 224, (input, weights) => ResNet.Build(name, input, weights))),
        new("googlenet", 224, GoogLeNet.Build),
        new("tiny-darknet", 224, TinyDarknet.Build),
    ];

    /// <summary>The architecture called <paramref name="name"/>, or null.</summary>
    public static ZooModel? Find(string name) => All.FirstOrDefault(model => model.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
