using VizPipeline.Network.Graph;
using VizPipeline.Network.Zoo;

namespace VizPipeline.Tests.Network.Graph;

/// <summary>Which layers can't be negative follows from the graph.</summary>
public class RectificationTests
{
    [Theory]
    [InlineData("squeezenet1_1", "features.0", true)]
    [InlineData("squeezenet1_1", "features.3", true)] // a concatenation of rectified maps
    [InlineData("squeezenet1_1", "logits", true)] // a mean of rectified maps
    [InlineData("alexnet", "classifier.1", true)]
    [InlineData("alexnet", "logits", false)]
    [InlineData("resnet18", "layer1.0.conv1", true)]
    [InlineData("resnet18", "layer1.0", true)] // a sum, then a rectifier
    [InlineData("mobilenet_v2", "features.0.0", true)] // ReLU6
    [InlineData("mobilenet_v2", "features.1.conv.1", false)] // a projection without a nonlinearity
    [InlineData("convnext_tiny", "features.1.0.block.3", false)] // GELU
    public void A_layer_is_rectified_if_nothing_in_it_can_be_negative(string model, string layer, bool isRectified) =>
        Assert.Equal(isRectified, ZooModels.Find(model)!.Build(new Shape(3, 224, 224), null).Layer(layer).IsRectified);
}
