namespace VizPipeline.Tests.EndToEnd;

/// <summary>An atlas with ascent recipes of every kind, including recipes from a file and recipes that need the top patches.</summary>
[Collection(VizProcesses.Name)]
public sealed class RecipeAtlasTests(SampleMaterial material)
{
    private const int Neurons = 32;

    [Fact]
    public async Task Every_recipe_makes_a_picture_of_every_neuron_and_its_whole_recipe_is_recorded()
    {
        var (folder, mine) = (material.Out("recipes"), material.Out("my-recipe.json"));
        await File.WriteAllTextAsync(
            mine,
            """{ "name": "mine", "steps": 4, "rule": { "kind": "adam", "rate": 5 }, "objective": """
            + """{ "kind": "channel" }, "regularizers": [ { "kind": "blur", "sigma": 0.5, "every": 2 } ] }""",
            TestContext.Current.CancellationToken);
        var run = await VizProcess.Run(
            "run", "--model", material.Model, "--images", material.Images, "--limit", "24", "--layers", "conv1", "--methods", "top9,ascent",
            "--ascent-presets", $"3,fourier,maco,facets,multifaceted,{mine}", "--ascent-steps", "3", "--out", folder);
        Assert.True(run.ExitCode == 0, run.Error);
        var files = Directory.GetFiles(Path.Combine(folder, "pictures", "conv1", "ascent")).Select(Path.GetFileName).ToHashSet();
        foreach (var variant in (string[])[
            "preset3.seed0", "fourier.seed0", "maco.seed0", "facets.seed0", "facets.seed0.facet3",
            "multifaceted.seed0", "my-2drecipe.seed0"])
            Assert.Equal(Neurons, files.Count(file => file!.EndsWith($".{variant}.png", StringComparison.Ordinal)));
        var spec = await File.ReadAllTextAsync(Path.Combine(folder, "spec.json"), TestContext.Current.CancellationToken);
        Assert.Contains("\"kind\":\"top_patches\"", spec.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);

        var tables = material.Out("recipe-tables");
        Assert.Equal(0, (await VizProcess.Run("export", folder, "--format", "jsonl", "--to", tables)).ExitCode);
        var rows = await File.ReadAllLinesAsync(Path.Combine(tables, "pictures.jsonl"), TestContext.Current.CancellationToken);
        var mineRow = rows.First(row => row.Contains("\"my-recipe\"", StringComparison.Ordinal));
        Assert.Contains("sigma", mineRow, StringComparison.Ordinal);
        Assert.Contains(rows, row => row.Contains("\"facets 4\"", StringComparison.Ordinal));

        // Running it again does nothing; a different recipe under the same name makes a different atlas.
        await File.WriteAllTextAsync(
            mine, """{ "name": "mine", "steps": 4, "rule": { "kind": "adam", "rate": 6 } }""",
            TestContext.Current.CancellationToken);
        var other = await VizProcess.Run(
            "run", "--model", material.Model, "--images", material.Images, "--limit", "24", "--layers", "conv1", "--methods", "top9,ascent",
            "--ascent-presets", $"3,fourier,maco,facets,multifaceted,{mine}", "--ascent-steps", "3", "--out", folder);
        Assert.NotEqual(0, other.ExitCode);
        Assert.Contains("ascent", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recipe_that_is_none_is_refused_before_anything_is_made()
    {
        var broken = material.Out("broken.json");
        await File.WriteAllTextAsync(
            broken, """{ "name": "x", "steps": -1, "rule": { "kind": "adam", "rate": 5 } }""",
            TestContext.Current.CancellationToken);
        var run = await VizProcess.Run(
            "run", "--model", material.Model, "--methods", "ascent", "--ascent-presets", broken, "--out", material.Out("never"));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("steps must be 1", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(material.Out("never")));
    }
}
