using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;

namespace VizPipeline.Tests.Atlas.Web.Data;

public sealed class DepthStageTests
{
    [Fact]
    public void Layers_go_from_edges_to_answers_by_what_they_see()
    {
        var stages = DepthStage.Divide(
            [Layer("a", 11, depth: 1), Layer("b", 51), Layer("c", 163), Layer("d", 224), Layer("e", 224, kind: "output")], 224, 224);

        Assert.Equal(
            ["Edges and colours: a", "Textures and patterns: b", "Parts of objects: c", "Whole objects: d", "Answers: e"],
            stages.Select(stage => $"{stage.Name}: {string.Join(',', stage.Layers.Select(layer => layer.Name))}"));
    }

    [Fact]
    public void The_first_layer_shows_edges_whatever_its_size_and_no_later_layer_goes_back()
    {
        // A shortcut sees less than the layers before it.
        var stages = DepthStage.Divide([Layer("a", 40, depth: 1), Layer("b", 100), Layer("c", 9)], 224, 224);

        Assert.Equal([("Edges and colours", 1), ("Parts of objects", 2)], stages.Select(stage => (stage.Name, stage.Layers.Count)));
    }

    [Fact]
    public void What_a_layer_sees_is_said_in_words()
    {
        Assert.Equal("sees 51 × 51 pixels", DepthStage.Sees(Layer("a", 51)));
        Assert.Equal("sees 1 pixel", DepthStage.Sees(Layer("a", 1)));
        var all = Layer("a", 300);
        all.SeesWholeInput = true;
        Assert.Equal("sees the whole image", DepthStage.Sees(all));
    }

    private static Layer Layer(string name, int field, int depth = 2, string kind = "conv") =>
        new() { Name = name, Kind = kind, Operator = "", FieldHeight = field, FieldWidth = field, Depth = depth };
}
