using System.Text;
using System.Text.Json;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Jobs;

public sealed class AtlasSpecTests
{
    [Fact]
    public void Dictionaries_are_named_once_and_hashes_are_hashes()
    {
        var good = new DictionarySpec { Layer = "conv1", Name = "sae", Sha256 = new string('a', 64) };
        string[] Faults(params DictionarySpec[] dictionaries) => [.. (SpecSamples.Small() with { Dictionaries = dictionaries }).Faults()];
        Assert.Empty(Faults(good, good with { Layer = "conv2" }));
        Assert.Contains("'conv1@sae' is listed 2 times", Assert.Single(Faults(good, good with { Sha256 = new string('b', 64) })));
        Assert.Contains("SHA-256", Assert.Single(Faults(good with { Sha256 = "../../spec" })));
        Assert.Contains("without '@'", Assert.Single(Faults(good with { Name = "a@b" })));
        Assert.Contains("must not be null", Assert.Single(Faults(good, null!)));
    }

    [Fact]
    public void A_good_spec_has_no_faults() => Assert.Empty(SpecSamples.Small().Faults());

    [Theory]
    [InlineData("ab")]
    [InlineData("-abc")]
    [InlineData("Abc")]
    [InlineData("a/../b")]
    [InlineData("abc\n")]
    public void An_id_that_is_no_slug_is_a_fault(string id)
        => Assert.Contains("3 to 64", Assert.Single((SpecSamples.Small() with { Id = id }).Faults()));

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var spec = SpecSamples.Small() with
        {
            ShardImages = 0,
            NeuronsPerJob = -1,
            Ascent = new AscentSpec { Presets = [], Objective = "x" },
        };

        Assert.Equal(4, spec.Faults().Count);
    }

    [Fact]
    public void Presets_are_numbers_or_names_with_a_recipe()
    {
        var recipe = JsonSerializer.SerializeToElement(new { start = new { kind = "top_patches" }, steps = 77 });
        AscentSpec Of(params string[] presets) => new()
        {
            Presets = presets,
            Recipes = new Dictionary<string, JsonElement> { ["mine"] = recipe },
        };
        string[] Faults(AscentSpec ascent) => [.. (SpecSamples.Small() with { Ascent = ascent }).Faults()];

        Assert.Empty(Faults(Of("3", "mine")));
        Assert.Contains("'other' has no recipe", Faults(Of("other", "mine"))[0], StringComparison.Ordinal);
        Assert.Contains("'../x'", Assert.Single(Faults(Of("../x", "mine"))), StringComparison.Ordinal);
        Assert.Contains("'5'", Assert.Single(Faults(Of("5", "mine"))), StringComparison.Ordinal);
        Assert.True(Of("3", "mine").StartsFromTopPatches());
        Assert.False(Of("3").StartsFromTopPatches());
        var facets = new AscentSpec
        {
            Presets = ["3", "many"],
            Seeds = [0, 1],
            Recipes = new Dictionary<string, JsonElement>
            {
                ["many"] = JsonSerializer.SerializeToElement(new { diversity = new { facets = 4 } }),
            },
        };
        Assert.Equal((1, 10), (Of("3").PicturesPerNeuron(), facets.PicturesPerNeuron()));
        Assert.Equal((77, AscentSpec.UsualSteps), (Of("mine").StepsOf("mine"), Of("3").StepsOf("3")));
    }

    [Theory]
    [InlineData("""{"steps":"a"}""", "1 to 1000000 steps")]
    [InlineData("""{"steps":-750}""", "1 to 1000000 steps")]
    [InlineData("""{"steps":3,"objective":{"kind":"direction"}}""", "objective direction")]
    [InlineData("""{"steps":3,"start":{"kind":"picture"}}""", "starts from a picture")]
    [InlineData("""{"steps":3,"start":5,"diversity":{"facets":"x"},"transformations":7}""", null)]
    public void A_recipe_that_anybody_sent_is_a_fault_or_harmless(string json, string? fault)
    {
        var ascent = new AscentSpec
        {
            Presets = ["x"],
            Recipes = new Dictionary<string, JsonElement>
            {
                ["x"] = JsonDocument.Parse(
            json).RootElement
            }
        };
        var faults = (SpecSamples.Small() with { Ascent = ascent }).Faults();
        if (fault is null)
            Assert.Empty(faults);
        else
            Assert.Contains(fault, Assert.Single(faults), StringComparison.Ordinal);
        Assert.True(ascent.PassesOf("x") > 0 && ascent.PicturesPerNeuron() == 1 && !ascent.StartsFromTopPatches());
    }

    [Fact]
    public void A_recipes_name_is_never_that_of_a_numbered_preset()
    {
        Assert.All((string[])["p3", "preset3", "preset12"], name => Assert.False(PresetNames.IsName(name)));
        Assert.All((string[])["p3x", "preset", "presets-3", "fourier"], name => Assert.True(PresetNames.IsName(name)));
        var spec = SpecSamples.Small() with
        {
            Ascent = new AscentSpec
            {
                Presets = ["3"],
                Steps = int.MaxValue,
                Recipes = new Dictionary<string, JsonElement> { ["left"] = JsonSerializer.SerializeToElement(new { steps = 1 }) },
            },
        };
        Assert.Equal(2, spec.Faults().Count);
        var top = new AscentSpec
        {
            Presets = ["x"],
            Recipes = new Dictionary<string, JsonElement>
            {
                ["x"] = JsonDocument.Parse("""{"steps":3,"start":{"kind":"top_patches"}}""").RootElement,
            },
        };
        Assert.Contains("add top9", Assert.Single(
            (SpecSamples.Small() with { Ascent = top, Methods = AtlasMethods.Ascent }).Faults()), StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_of_presets_stay_numbers_in_json_so_that_older_atlases_go_on()
    {
        var json = System.Text.Encoding.UTF8.GetString(VizJson.Write(new AscentSpec { Presets = ["1", "fourier"] }));
        Assert.Contains("\"presets\":[1,\"fourier\"]", json, StringComparison.Ordinal);
        Assert.DoesNotContain("recipes", json, StringComparison.Ordinal);
        Assert.Equal(["1", "fourier"], VizJson.Read<AscentSpec>(System.Text.Encoding.UTF8.GetBytes(json)).Presets);
        var command = new AscendNeurons("atlas", 4, 1, 2, 0, 9, "3", 5);
        Assert.Contains("\"preset\":3,", JobMessage.Create(command).Payload, StringComparison.Ordinal);
        Assert.Equal(command, new JobMessage(JobKind.Ascent, JobMessage.Create(command).Payload, 1).ReadCommand());
        Assert.Equal(("preset 3", "fourier 2"), (PresetNames.Variant("3"), PresetNames.Variant("fourier", 1)));
    }

    [Fact]
    public void A_layer_listed_twice_is_a_fault()
    {
        var spec = SpecSamples.Small() with { Layers = [SpecSamples.Layer(0, "a", "conv", 1), SpecSamples.Layer(1, "a", "conv", 1)] };

        Assert.Contains("'a' is listed 2 times", Assert.Single(spec.Faults()));
    }

    [Fact]
    public void A_spec_survives_json()
    {
        var spec = SpecSamples.Small();
        var copy = VizJson.Read<AtlasSpec>(VizJson.Write(spec));

        Assert.Equal(VizJson.Write(spec), VizJson.Write(copy));
        Assert.Equal(spec.Hash(), copy.Hash());
        Assert.Equal(AtlasMethods.All, copy.Methods);
    }

    [Fact]
    public void A_spec_with_the_former_name_of_the_image_lists_hash_is_read_and_keeps_its_hash()
    {
        var spec = SpecSamples.Small();
        var json = Encoding.UTF8.GetString(VizJson.Write(spec));
        Assert.Contains("\"manifest_hash\"", json);
        Assert.DoesNotContain("manifest_sha256", json);

        var old = VizJson.Read<AtlasSpec>(
            Encoding.UTF8.GetBytes(json.Replace("\"manifest_hash\"", "\"manifest_sha256\"", StringComparison.Ordinal)));

        Assert.Equal("cd", old.Images.ManifestHash);
        Assert.Equal(spec.Hash(), old.Hash());
    }

    [Fact]
    public void The_hash_changes_with_what_changes_results()
    {
        var spec = SpecSamples.Small();
        AtlasSpec[] others =
        [
            spec with { Model = spec.Model with { ModelSha256 = "other" } },
            spec with { Images = spec.Images with { ManifestHash = "other" } },
            spec with { Methods = AtlasMethods.Top9 },
            spec with { Ascent = spec.Ascent with { Steps = 3 } },
            spec with { Layers = [.. spec.Layers.Take(2)] },
            spec with { Preprocessing = JsonSerializer.SerializeToElement(new { resize = 9 }) },
        ];

        Assert.Equal(others.Length + 1, others.Append(spec).Select(other => other.Hash()).Distinct().Count());
    }

    [Fact]
    public void The_hash_ignores_names_paths_and_sizes_of_work()
    {
        var spec = SpecSamples.Small();
        var moved = spec with
        {
            Name = "Another",
            Model = spec.Model with { Model = "/elsewhere/net.onnx" },
            Images = spec.Images with { Root = "/elsewhere" },
            BatchSize = 1,
            ShardImages = 1,
            NeuronsPerJob = 1,
            Device = "cpu",
            Preprocessing = JsonDocument.Parse("{ \"resize\" : 8 }").RootElement,
            Layers = [.. spec.Layers.Select(layer => layer with { Work = new LayerWork(1, 2, 3) })],
        };

        Assert.Equal(spec.Hash(), moved.Hash());
    }

    [Fact]
    public void Canonical_json_does_not_depend_on_the_order_of_properties()
        => Assert.Equal(
            CanonicalJson.Hash(JsonDocument.Parse("{\"a\":{\"c\":1,\"b\":[1,{\"y\":2,\"x\":3}]}}").RootElement),
            CanonicalJson.Hash(JsonDocument.Parse("{ \"a\": {\"b\":[1,{\"x\":3,\"y\":2}], \"c\":1}}").RootElement));
}
