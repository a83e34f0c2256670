using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

public class ClassNamesTests
{
    [Theory]
    [InlineData("""[{"index":1,"synset":"n01443537","name":"goldfish"},{"index":0,"synset":"n01440764","name":"tench"}]""")]
    [InlineData("n01440764 tench\nn01443537 goldfish\n")]
    public void Classes_are_found_by_index_synset_and_name(string text)
    {
        using var folder = new TemporaryFolder();
        var names = ClassNames.Load(folder.Write("classes", text));

        var goldfish = new ClassName(1, "n01443537", "goldfish");
        Assert.Equal([goldfish, goldfish, goldfish, goldfish], [names[1], names["n01443537"], names.Find("goldfish"), names.Find("1")]);
        Assert.Equal(["tench", "goldfish"], names.All.Select(item => item.Name));
        Assert.Null(names[2]);
        Assert.Null(names.Find("n00000000"));
    }

    [Fact]
    public void Plain_lines_are_names_in_output_order()
    {
        using var folder = new TemporaryFolder();

        Assert.Equal(new(1, null, "great white shark"), ClassNames.Load(folder.Write("c.txt", "tench\ngreat white shark"))[1]);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("[]", "is empty")]
    [InlineData("[{}]", "each entry needs an index, a synset and a name")]
    [InlineData("""[{"index":0,"name":"a"},{"index":0,"name":"b"}]""", "index 0 is both 'a' and 'b'")]
    [InlineData("[", "cannot be used: there is no list of {\"index\", \"synset\", \"name\"} at line 1, column 2")]
    [InlineData("[\n{\"index\":\"x\"}]", "at line 2, column 13 ($[0].index)")]
    [InlineData("PK\u0003\u0004", "is no text")]
    public void A_wrong_list_is_named(string text, string message)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("classes.json", text);

        var error = Assert.Throws<ImageSetException>(() => ClassNames.Load(file));

        Assert.Contains(file, error.Message);
        Assert.Contains(message, error.Message);
        Assert.DoesNotContain("Parameter", error.Message);
    }

    [Fact]
    public void Both_orders_of_ImageNet_are_read_and_the_two_cranes_stay_two()
    {
        var sorted = ClassNames.Load(TestData.Path("imagenet-classes.json"));
        var darknet = ClassNames.Load(TestData.Path("tiny-darknet", "classes.json"));

        Assert.Equal((1000, 1000), (sorted.All.Count, darknet.All.Count));
        Assert.Equal("tench", sorted[0]!.Name);
        Assert.Equal("kit fox", darknet[0]!.Name);
        Assert.Equal(2, darknet.All.Count(item => item.Name == "crane"));
        Assert.Equal(1000, sorted.Labels.Distinct().Count());
        Assert.Equal(
            ["crane (n02012849)", "crane (n03126707)"],
            sorted.Labels.Where(label => label.StartsWith("crane", StringComparison.Ordinal)));
        Assert.Equal("n03126707", sorted.Find("crane (n03126707)")!.Synset);
    }

    [Fact]
    public void Labels_name_every_index_once()
    {
        var names = new ClassNames([new(0, null, "tench"), new(2, null, "crane"), new(3, "n03126707", "crane")]);

        Assert.Equal(["tench", "class 1", "crane (2)", "crane (n03126707)"], names.Labels);
    }
}
