using VizPipeline.Jobs;

namespace VizPipeline.Tests.Jobs;

public sealed class OutputClassesTests
{
    [Fact]
    public void Without_observed_outputs_or_classes_that_are_outputs_nothing_is_matched()
    {
        Assert.Null(OutputClasses.Of(Spec(["cat", "dog"], []) with { Layers = [SpecSamples.Layer(0, "conv1", "conv", 2)] }));
        Assert.Null(OutputClasses.Of(Spec([], ["cat", "dog"])));
        Assert.Null(OutputClasses.Of(Spec(["holiday", "work", "pets"], [])));
        // Maps of outputs, as of a segmentation, have no single answer.
        Assert.Null(OutputClasses.Of(Spec(["cat", "dog"], []) with { Layers = [SpecSamples.Layer(0, "logits", "output", 2)] }));
    }

    [Theory]
    [InlineData("cat,dog", "cat,dog", 1)]
    [InlineData("dog,horse,cat", "cat,dog", 0)]
    [InlineData("1,0", "", 0)]
    [InlineData("a,b", "", 1)]
    [InlineData("horse,1", "cat,dog", 1)]
    public void A_class_is_an_output_by_name_by_number_or_in_order(string classes, string names, int label)
    {
        var matched = OutputClasses.Of(Spec(classes.Split(','), names.Split(',', StringSplitOptions.RemoveEmptyEntries)))!;

        // The second output is the largest, and the label is its class.
        Assert.Equal(1, matched.RankOf(label, [0.5f, 2]));
        Assert.Equal(2, matched.RankOf(label, [3, 2]));
    }

    [Fact]
    public void Equal_outputs_rank_by_index_and_what_is_no_number_has_no_rank()
    {
        var classes = OutputClasses.Of(Spec(["cat", "dog"], ["cat", "dog"]))!;

        Assert.Equal((1, 2), (classes.RankOf(0, [1, 1]), classes.RankOf(1, [1, 1])));
        Assert.Null(classes.RankOf(0, [float.NaN, 1]));
        Assert.Null(classes.RankOf(null, [0, 1]));
        Assert.Null(OutputClasses.Of(Spec(["horse", "dog"], ["cat", "dog"]))!.RankOf(0, [0, 1]));
    }

    private static AtlasSpec Spec(string[] classes, string[] names) => SpecSamples.Small() with
    {
        Images = SpecSamples.Small().Images with { Classes = classes },
        OutputNames = names,
        Layers = [SpecSamples.Layer(0, "logits", "output", 2) with { Height = 1, Width = 1 }],
    };
}
