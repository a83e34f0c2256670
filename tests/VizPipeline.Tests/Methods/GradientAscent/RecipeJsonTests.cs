using VizPipeline.Methods.GradientAscent;

namespace VizPipeline.Tests.Methods.GradientAscent;

public class RecipeJsonTests
{
    public static TheoryData<string> Names => [.. AscentPresets.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_recipe_that_comes_along_is_without_faults_and_reads_back_as_it_was_written(string name)
    {
        var recipe = AscentPresets.Find(name)!;
        Assert.Empty(recipe.Faults());
        var written = RecipeJson.Write(recipe, indented: true);
        Assert.Equal(written, RecipeJson.Write(RecipeJson.Parse(written, name), indented: true));
        Assert.Contains("\"kind\"", written, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_that_no_preset_has_read_back_too()
    {
        var recipe = AscentPresets.Fourier with
        {
            Objective = new DirectionObjective(new Dictionary<int, double> { [3] = 1, [17] = -0.5 }),
            Start = new PictureStart(3),
            Parametrization = new PixelParametrization(),
            Rule = new ProgressRate(1e8, 2),
            EarlyStop = new EarlyStop(20, 0.01),
            Diversity = null,
        };
        var read = RecipeJson.Parse(RecipeJson.Write(recipe), "x");
        Assert.Equal(-0.5, Assert.IsType<DirectionObjective>(read.Objective).Weights[17]);
        Assert.Equal((new PictureStart(3), new ProgressRate(1e8, 2), new EarlyStop(20, 0.01)), (read.Start, read.Rule, read.EarlyStop));
        foreach (var objective in (AscentObjective[])[new InversionObjective(), new CaricatureObjective(3), new ChannelObjective()])
            Assert.Equal(objective, RecipeJson.Parse(RecipeJson.Write(recipe with { Objective = objective }), "x").Objective);
    }

    [Fact]
    public void The_order_of_names_in_a_file_does_not_matter_and_comments_are_allowed()
    {
        const string json = """
            {
              // mine
              "rule": { "rate": 0.05, "kind": "adam" },
              "steps": 12,
              "name": "mine",
              "regularizers": [ { "sigma": 1, "every": 2, "kind": "blur" }, ],
            }
            """;
        var recipe = RecipeJson.Parse(json, "mine.json");
        Assert.Equal((12, new Adam(0.05)), (recipe.Steps, recipe.Rule));
        Assert.Equal([new Blur(1, 2)], recipe.Regularizers);
    }

    [Theory]
    [InlineData("{", "is wrong")]
    [InlineData("null", "is empty")]
    [InlineData("""{"name":"x","steps":3}""", "rule")]
    [InlineData("""{"name":"x","steps":0,"rule":{"kind":"constant","rate":1}}""", "steps must be 1")]
    [InlineData("""{"name":"x","steps":3,"rule":{"kind":"constant","rate":-1}}""", "rate must be above 0")]
    [InlineData("""{"name":"x","steps":3,"rule":{"kind":"momentum","rate":1}}""", "kind")]
    [InlineData("""{"name":"x","steps":3,"rule":{"rate":1}}""", "kind")]
    [InlineData("""{"name":"x","steps":3,"rule":{"kind":"constant","rate":1},"sharpness":2}""", "sharpness")]
    [InlineData(
        """{"name":"x","steps":3,"rule":{"kind":"constant","rate":1},"regularizers":[{"kind":"l2_decay","decay":1.5}]}""",
        "decay must be 0 or more and below 1")]
    [InlineData(
        """{"name":"x","steps":3,"rule":{"kind":"constant","rate":1},"regularizers":[{"kind":"blur","sigma":1,"every":0}]}""",
        "every must be 1")]
    [InlineData(
        """{"name":"x","steps":3,"rule":{"kind":"adam","rate":1},"parametrization":{"kind":"fourier"},"regularizers":"""
        + """[{"kind":"l2_decay","decay":0.1}]}""",
        "regularizers need pixels")]
    [InlineData("""{"name":"x","steps":3,"rule":{"kind":"adam","rate":1},"diversity":{"facets":99}}""", "facets must be 2 to 16")]
    [InlineData(
        """{"name":"x","steps":3,"rule":{"kind":"adam","rate":1},"transformations":"""
        + """[{"kind":"crop","smallest":0.5,"largest":0.1,"spread":0.1,"views":2}]}""",
        "largest must be")]
    [InlineData(
        """{"name":"x","steps":3,"rule":{"kind":"adam","rate":1},"objective":{"kind":"direction","weights":{}}}""",
        "at least one channel")]
    [InlineData("""{"name":"x","steps":3,"rule":{"kind":"adam","rate":1e999}}""", "rate must be above 0")]
    [InlineData("""{"name":"x","steps":3,"rule":{"kind":"adam","rate":1},"regularizers":[null]}""", "is null")]
    [InlineData(
        """{"name":"x","steps":3,"rule":{"kind":"adam","rate":1},"parametrization":{"kind":"maco"},"start":"""
        + """{"kind":"picture","deviation":0}}""",
        "random phases")]
    [InlineData(
        """{"name":"x","steps":3,"rule":{"kind":"adam","rate":1},"diversity":{"facets":16,"weight":1},"transformations":"""
        + """[{"kind":"crop","smallest":0.1,"largest":0.5,"spread":0.1,"views":20}]}""",
        "at most 64, not 320")]
    public void A_wrong_recipe_is_one_line_that_says_what_is_wrong(string json, string expected)
    {
        var message = Assert.Throws<RecipeException>(() => RecipeJson.Parse(json, "mine.json")).Message;
        Assert.StartsWith("recipe 'mine.json'", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain("VizPipeline.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_deep_or_a_huge_file_is_refused()
    {
        Assert.Throws<RecipeException>(() => RecipeJson.Parse(new string('[', 100_000), "deep"));
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, new string(' ', 2 << 20));
            Assert.Contains(
                "which is too large", Assert.Throws<RecipeException>(() => RecipeJson.Read(file)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Adams_rate_is_larger_at_small_fields_as_far_as_it_is_asked()
    {
        var rule = new Adam(0.05, SmallFields: 4);
        Assert.Equal(0.2, rule.RateAt(1.0 / 224, 1.0 / 224), 1e-9);
        Assert.Equal(0.05, rule.RateAt(0.5, 1.0 / 224), 1e-9);
        Assert.Equal(0.05, rule.RateAt(1, 1.0 / 224), 1e-9);
        Assert.InRange(rule.RateAt(20.0 / 224, 1.0 / 224), 0.09, 0.12);
        Assert.Equal(0.05, new Adam(0.05).RateAt(1.0 / 224, 1.0 / 224), 1e-9);
    }

    [Fact]
    public void Fewer_steps_are_the_first_ones()
    {
        foreach (var name in AscentPresets.Names)
        {
            var recipe = AscentPresets.Find(name)!;
            var (half, twice) = (AscentPresets.WithSteps(recipe, recipe.Steps / 2), AscentPresets.WithSteps(recipe, recipe.Steps * 2));
            Assert.Equal((recipe.Rule, recipe.EarlyStop), (half.Rule, half.EarlyStop));
            // The first step at the plain image keeps its number, if it is still among the steps.
            Assert.Equal(recipe.Steps / 2, half.Steps - half.PlainSteps);
            Assert.Equal(
                recipe.PlainSteps == 0 ? twice.Steps : recipe.Steps - recipe.PlainSteps, twice.Steps - twice.PlainSteps);
        }
    }

    [Fact]
    public void A_blur_is_weaker_in_small_fields()
    {
        Assert.Equal(new Blur(0.5, 4), new Blur(1, 4).ForField(5.5));
        Assert.Equal(new Blur(1, 4), new Blur(1, 4).ForField(11));
        Assert.Equal(new Blur(1, 4), new Blur(1, 4).ForField(224));
        Assert.Equal(new L2Decay(0.3), new L2Decay(0.3).ForField(3));
    }
}
