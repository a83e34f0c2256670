using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;
using VizPipeline.Network.Zoo;

namespace VizPipeline.Tests.Network.Graph;

/// <summary>Golden receptive fields (docs/methods.md, section 1), size/stride.</summary>
public class ReceptiveFieldTests
{
    [Theory]
    [InlineData("features.0", 11, 4), InlineData("features.2", 19, 8), InlineData("features.3", 51, 8), InlineData("features.5", 67, 16)]
    [InlineData("features.6", 99, 16), InlineData("features.8", 131, 16), InlineData("features.10", 163, 16), InlineData(
        "features.12", 195, 32)]
    public void AlexNet(string node, int size, int stride) => Check("alexnet", node, size, stride);

    [Theory]
    [InlineData("features.2", 5, 1), InlineData("features.7", 14, 2), InlineData("features.14", 40, 4), InlineData("features.21", 92, 8)]
    [InlineData("features.28", 196, 16), InlineData("features.30", 212, 32)]
    public void Vgg16(string node, int size, int stride) => Check("vgg16", node, size, stride);

    [Fact]
    public void The_field_of_a_branch_is_the_union_over_its_paths()
    {
        var graph = ZooModels.Find("squeezenet1_1")!.Build(new Shape(3, 224, 224), null);
        var (one, three, both) = (graph.Layer("features.3.expand1x1").Field, graph.Layer("features.3.expand3x3").Field, graph.Layer(
            "features.3").Field);
        Assert.True(one.Y.Size < three.Y.Size);
        Assert.Equal(three, both);
    }

    [Fact]
    public void Fully_connected_units_see_the_whole_image()
    {
        var graph = ZooModels.Find("alexnet")!.Build(new Shape(3, 224, 224), null);
        var field = graph.Layer("classifier.1").Field;
        Assert.True(field.IsWhole);
        Assert.Equal(new Box(0, 0, 224, 224), field.At(0, 0));
    }

    [Fact]
    public void Positions_differ_by_the_stride_and_the_first_one_reaches_into_the_padding()
    {
        var graph = new GraphBuilder(new Shape(1, 9, 9));
        var x = graph.Add(
            "conv", new Convolution(RandomNetworks.Weight(new Random(1), "conv.weight", 1, 1, 3, 3), null, Window.Square(3, 2, 1)), 0);
        var field = ReceptiveFields.Compute(graph.Build("one", x), x);
        Assert.Equal(new Box(-1, -1, 2, 2), field.At(0, 0));
        Assert.Equal(new Box(3, 1, 6, 4), field.At(1, 2));
        Assert.Equal(new Box(0, 0, 2, 2), field.At(0, 0).Clip(9, 9));
    }

    private static void Check(string model, string node, int size, int stride)
    {
        var graph = ZooModels.Find(model)!.Build(new Shape(3, 224, 224), null);
        var field = ReceptiveFields.Compute(graph, graph.Nodes.First(candidate => candidate.Name == node).Index);
        Assert.Equal((size, stride), (field.Y.Size, field.Y.Stride));
        Assert.Equal((size, stride), (field.X.Size, field.X.Stride));
    }
}
