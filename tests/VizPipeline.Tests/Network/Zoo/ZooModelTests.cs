using VizPipeline.Network.Graph;
using VizPipeline.Network.Zoo;

namespace VizPipeline.Tests.Network.Zoo;

public class ZooModelTests
{
    // Numbers of parameters as torchvision publishes them, for Inception v3 without the auxiliary classifier's 3,326,696.
    public static TheoryData<string, long> Published { get; } = new()
    {
        { "alexnet", 61100840 }, { "vgg11", 132863336 }, { "vgg11_bn", 132868840 }, { "vgg13", 133047848 }, { "vgg13_bn", 133053736 },
        { "vgg16", 138357544 }, { "vgg16_bn", 138365992 }, { "vgg19", 143667240 }, { "vgg19_bn", 143678248 }, { "squeezenet1_0", 1248424 },
        { "squeezenet1_1", 1235496 }, { "resnet18", 11689512 }, { "resnet34", 21797672 }, { "resnet50", 25557032 },
        { "resnet101", 44549160 },
        { "resnet152", 60192808 }, { "resnext50_32x4d", 25028904 }, { "resnext101_32x8d", 88791336 }, { "resnext101_64x4d", 83455272 },
        { "wide_resnet50_2", 68883240 }, { "wide_resnet101_2", 126886696 }, { "googlenet", 6624904 },
        { "inception_v3", 27161264 - 3326696 },
        { "densenet121", 7978856 }, { "densenet161", 28681000 }, { "densenet169", 14149480 }, { "densenet201", 20013928 },
        { "mobilenet_v2", 3504872 }, { "mobilenet_v3_small", 2542856 }, { "mobilenet_v3_large", 5483032 }, { "efficientnet_b0", 5288548 },
        { "efficientnet_b1", 7794184 }, { "efficientnet_b2", 9109994 }, { "efficientnet_b3", 12233232 }, { "efficientnet_b4", 19341616 },
        { "efficientnet_b5", 30389784 }, { "efficientnet_b6", 43040704 }, { "efficientnet_b7", 66347960 },
        { "efficientnet_v2_s", 21458488 },
        { "efficientnet_v2_m", 54139356 }, { "efficientnet_v2_l", 118515272 }, { "shufflenet_v2_x0_5", 1366792 },
        { "shufflenet_v2_x1_0", 2278604 },
        { "shufflenet_v2_x1_5", 3503624 }, { "shufflenet_v2_x2_0", 7393996 }, { "mnasnet0_5", 2218512 }, { "mnasnet0_75", 3170208 },
        { "mnasnet1_0", 4383312 }, { "mnasnet1_3", 6282256 }, { "convnext_tiny", 28589128 }, { "convnext_small", 50223688 },
        { "convnext_base", 88591464 }, { "convnext_large", 197767336 }, { "regnet_x_400mf", 5495976 }, { "regnet_x_800mf", 7259656 },
        { "regnet_x_1_6gf", 9190136 }, { "regnet_x_3_2gf", 15296552 }, { "regnet_x_8gf", 39572648 }, { "regnet_x_16gf", 54278536 },
        { "regnet_x_32gf", 107811560 }, { "regnet_y_400mf", 4344144 }, { "regnet_y_800mf", 6432512 }, { "regnet_y_1_6gf", 11202430 },
        { "regnet_y_3_2gf", 19436338 }, { "regnet_y_8gf", 39381472 }, { "regnet_y_16gf", 83590140 }, { "regnet_y_32gf", 145046770 },
    };

    [Theory, MemberData(nameof(Published))]
    public void Networks_have_the_published_number_of_parameters(string name, long parameters)
    {
        var graph = ZooModels.Find(name)!.Plan();
        Assert.Equal(parameters, graph.Parameters);
        Assert.Equal(name, graph.Name);
        Assert.Equal(1000, graph.Layers[^1].Neurons);
    }

    [Fact]
    public void Every_network_but_Darknets_is_in_the_table_and_has_official_weights()
    {
        var counted = Published.Select(row => row.Data.Item1).Append("tiny-darknet");
        Assert.Equal(ZooModels.All.Select(model => model.Name).Order(StringComparer.Ordinal), counted.Order(StringComparer.Ordinal));
        foreach (var model in ZooModels.All.Where(model => model.Name != "tiny-darknet"))
        {
            Assert.All(model.Weights, weights =>
            {
                Assert.Matches("^[0-9a-f]{8,}$", weights.HashStart);
                Assert.Equal(model.InputSize, weights.Crop);
            });
            Assert.NotEmpty(model.Weights);
        }
    }

    [Theory]
    [InlineData("mobilenet_v3_small", "features.1.block.0.0", true)]
    [InlineData("mobilenet_v3_small", "features.3", false)]
    [InlineData("efficientnet_b0", "features.2.1", false)]
    [InlineData("regnet_y_400mf", "trunk_output.block1.block1-0", false)]
    [InlineData("regnet_x_400mf", "trunk_output.block1.block1-0", true)]
    [InlineData("convnext_tiny", "features.1.0", true)]
    [InlineData("densenet121", "features.denseblock1.denselayer2", true)]
    [InlineData("resnet50", "logits", true)]
    public void Behind_squeeze_excitation_the_whole_image_has_a_say(string name, string layer, bool isWithinField)
    {
        var graph = ZooModels.Find(name)!.Plan();
        Assert.Equal(isWithinField, ReceptiveFields.ContainDependencies(graph, graph.Layer(layer).Node));
    }
}
