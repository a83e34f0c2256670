using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Network.Formats.Safetensors;

namespace VizPipeline.Tests.Cli.Commands;

public sealed class SingleImageCommandTests : IDisposable
{
    private readonly TinyNetwork _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public async Task Activations_of_all_layers_have_the_names_that_layers_lists()
    {
        var run =
            (await _tiny.RunAsync(
                "activations", "all.safetensors", "--image", _tiny.Path("three.npy"), "--image", _tiny.Path("picture.png"))).Succeeded();
        Assert.StartsWith(
            $"wrote {_tiny.Path("all.safetensors")}: ", Assert.Single(run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);
        var file = SafetensorsFile.Read(_tiny.Path("all.safetensors"));
        Assert.Equal([4, 4, 15, 15], file.ReadFloats("features.0").Shape);
        Assert.Equal([4, 6, 7, 7], file.ReadFloats("features.3").Shape);
        var listed = (await CommandLineRun.RunAsync("layers", _tiny.Path("tiny.safetensors"), "--input-size", "32")).Succeeded().Output;
        Assert.All(file.Entries, entry => Assert.Contains(entry.Name, listed, StringComparison.Ordinal));
        Assert.Equal("logits", file.Entries[^1].Name);
        Assert.Equal([4, 5], file.Entries[^1].Shape);
    }

    [Fact]
    public async Task The_maxima_are_those_of_the_maps()
    {
        string[] options = ["--image", _tiny.Path("three.npy"), "--layer", "features.4.expand3x3"];
        var (maps, maxima) =
            (await _tiny.ArrayAsync("activations", options), await _tiny.ArrayAsync("activations", [.. options, "--reduce", "max"]));
        Assert.Equal([3, 3], maxima.Shape);
        Assert.Equal(maps.ToFloats().Chunk(maps.Shape[2] * maps.Shape[3]).Select(map => map.Max()), maxima.ToFloats());
    }

    [Fact]
    public async Task An_image_is_the_same_as_array_of_one_in_a_safetensors_file_and_as_picture_preprocessed_by_hand()
    {
        new SafetensorsWriter().Add("other", [1f], 1).Add("input", NpyArray.Read(_tiny.Path("one.npy")).ToFloats(), 1, 3, 32, 32)
            .WriteTo(_tiny.Path("named.safetensors"));
        var plain = await _tiny.ArrayAsync("maps", "--image", _tiny.Path("one.npy"), "--layer", "features.3");
        Assert.Equal(
            plain.ToFloats(),
            (await _tiny.ArrayAsync("maps", "--image", _tiny.Path("named.safetensors"), "--layer", "features.3")).ToFloats());

        var preprocessing = VizPipeline.Images.Preprocessing.ImageNet(32, 32);
        var planes = new float[3 * 32 * 32];
        preprocessing.ToInput(preprocessing.Crop(_tiny.Picture("picture.png")), planes);
        NpyArray.Write(_tiny.Path("by-hand.npy"), new("input", [3, 32, 32], planes));
        var (picture, array) =
            (await _tiny.ArrayAsync("maps", "--image", _tiny.Path("picture.png"), "--layer", "features.0"),
            await _tiny.ArrayAsync("maps", "--image", _tiny.Path("by-hand.npy"), "--layer", "features.0"));
        Assert.All(picture.ToFloats().Zip(array.ToFloats()), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Fact]
    public async Task Maps_are_drawn_as_a_sheet_or_one_of_them_enlarged_and_a_folder_is_made_for_them()
    {
        string[] options = ["--image", _tiny.Path("picture.png"), "--layer", "features.3"];
        (await _tiny.RunAsync("maps", "new/folder/sheet.png", options)).Succeeded();
        (await _tiny.RunAsync("maps", "one.png", [.. options, "--channel", "2"])).Succeeded();
        (await _tiny.RunAsync("activations", "same.png", options)).Succeeded();
        Assert.Equal(_tiny.Picture("new/folder/sheet.png").Pixels, _tiny.Picture("same.png").Pixels);
        Assert.True(_tiny.Picture("one.png").Width > 3 * 448);
        Assert.Equal([1, 7, 7], (await _tiny.ArrayAsync("maps", [.. options, "--channel", "2"])).Shape);
    }

    [Fact]
    public async Task A_deconvolution_starts_at_the_maximum_or_where_it_is_told()
    {
        string[] options = ["--image", _tiny.Path("picture.png"), "--layer", "features.0", "--channel", "1"];
        var maps = await _tiny.ArrayAsync("maps", "--image", _tiny.Path("picture.png"), "--layer", "features.0");
        var map = maps.ToFloats()[(15 * 15)..(2 * 15 * 15)];
        var (y, x) = Math.DivRem(Array.IndexOf(map, map.Max()), 15);

        var run = (await _tiny.RunAsync("deconv", "there.npy", options)).Succeeded();
        Assert.Contains(
            $"features.0 channel 1: activation {map.Max():G5} at {y},{x}, field [{2 * x},{(2 * x) + 3}) x [{2 * y},{(2 * y) + 3})",
            run.Output, StringComparison.Ordinal);
        var (there, told) =
            (NpyArray.Read(_tiny.Path("there.npy")), await _tiny.ArrayAsync("deconv", [.. options, "--position", $"{y},{x}"]));
        Assert.Equal([3, 32, 32], there.Shape);
        Assert.Equal(there.ToFloats(), told.ToFloats());
        // For a single convolution the signal is its weights times the activation, and zero outside the receptive field.
        var weights = (await _tiny.ArrayAsync("filters", "--layer", "features.0")).ToFloats()[27..54];
        for (var i = 0; i < there.Count; i++)
        {
            var (c, row, column) = (i / 1024, (i / 32 % 32) - (2 * y), (i % 32) - (2 * x));
            var expected = row is >= 0 and < 3 && column is >= 0 and < 3 ? weights[(c * 9) + (row * 3) + column] * map.Max() : 0;
            Assert.Equal(expected, there.ToFloats()[i], 1e-4f);
        }
        (await _tiny.RunAsync("deconv", "patch.png", options)).Succeeded();
        Assert.True(_tiny.Picture("patch.png").Width > 336);
    }

    [Theory]
    [InlineData("deconv"), InlineData("guided"), InlineData("gradient")]
    public async Task Each_rule_gives_a_signal_of_its_own_and_a_unit_of_a_vector_has_one(string rule)
    {
        var signal =
            (await _tiny.ArrayAsync("deconv", "--image", _tiny.Path("one.npy"), "--layer", "logits", "--channel", "4", "--rule", rule))
            .ToFloats();
        Assert.Equal(3 * 32 * 32, signal.Length);
        Assert.All(signal, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public async Task An_ascent_climbs_and_repeats_and_says_how_far_it_came()
    {
        string[] options = ["--layer", "features.0", "--channel", "1,0", "--steps", "12", "--seed", "4"];
        var run = (await _tiny.RunAsync("ascend", "first.npy", options)).Succeeded();
        Assert.Matches(
            @"features\.0 channel 1: (converged|best before the end), best step \d+ of 12, objective \S+ -> \S+, activation \S+",
            run.Output);
        var (first, again) = (NpyArray.Read(_tiny.Path("first.npy")), await _tiny.ArrayAsync("ascend", options));
        Assert.Equal([2, 3, 3, 3], first.Shape);
        Assert.Equal(first.ToFloats(), again.ToFloats());
        Assert.All(first.ToFloats(), value => Assert.InRange(value, 0, 255));
        (await _tiny.RunAsync("ascend", "sheet.png", options)).Succeeded();
        (await _tiny.RunAsync(
            "ascend", "one.png", "--layer", "features.0", "--channel", "1", "--steps", "3", "--objective", "channel", "--rates",
            "published", "--preset", "1")).Succeeded();
        Assert.Equal((224, 224), (_tiny.Picture("one.png").Width, _tiny.Picture("one.png").Height));
    }

    [Fact]
    public async Task Recipes_are_listed_shown_changed_and_used()
    {
        Assert.Contains("fourier", (await CommandLineRun.RunAsync("recipes", "list")).Succeeded().Output, StringComparison.Ordinal);
        var shown = (await CommandLineRun.RunAsync("recipes", "show", "fourier")).Succeeded().Output;
        await File.WriteAllTextAsync(
            _tiny.Path("mine.json"), shown.Replace("256", "7", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Assert.Contains(
            "best step",
            (await _tiny.RunAsync("ascend", "mine.png", "--layer", "features.3", "--channel", "1,0", "--preset", _tiny.Path("mine.json")))
            .Succeeded().Output, StringComparison.Ordinal);
        foreach (var preset in (string[])["fourier", "maco", "facets"])
            (await _tiny.RunAsync(
                "ascend", $"{preset}.png", "--layer", "features.3", "--channel", "1,0", "--preset", preset, "--steps", "3")).Succeeded();
        Assert.True(_tiny.Picture("facets.png").Height > _tiny.Picture("fourier.png").Height);
    }

    [Fact]
    public async Task Objectives_of_a_whole_layer_need_no_channel()
    {
        Assert.Contains(
            "features.3 direction",
            (await _tiny.RunAsync(
                "ascend", "direction.png", "--layer", "features.3", "--direction", "1:1,0:-0.5", "--preset", "fourier", "--steps", "4"))
                .Succeeded().Output, StringComparison.Ordinal);
        foreach (var objective in (string[])["inversion", "caricature"])
            Assert.Contains(
                objective,
                (await _tiny.RunAsync(
                    "ascend", $"{objective}.png", "--layer", "features.3", "--objective", objective, "--image", _tiny.Path("picture.png"),
                    "--preset", "fourier", "--steps", "4")).Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_writes_a_sheet_and_recipes_that_can_be_used()
    {
        var run = (await CommandLineRun.RunAsync(
            ["recipes", "search", .. _tiny.Model, "--layer", "features.3", "--channel", "0,1", "--candidates", "5", "--steps", "6",
                "--preprocess", "unit", "--out", _tiny.Path("search")])).Succeeded();
        Assert.Contains("score", run.Output, StringComparison.Ordinal);
        Assert.Equal(6, Directory.GetFiles(_tiny.Path("search")).Length);
        (await _tiny.RunAsync(
            "ascend", "found.png", "--layer", "features.3", "--channel", "1", "--preset", Path.Combine(_tiny.Path("search"), "001.json")))
            .Succeeded();
    }

    [Fact]
    public async Task A_dead_neuron_is_named_and_never_written_as_a_picture()
    {
        var alone = await _tiny.RunAsync(
            "ascend", "dead.png", "--layer", "features.0", "--channel", $"{TinyNetwork.DeadChannel}", "--steps", "5");
        Assert.Equal(1, alone.ExitCode);
        Assert.Contains("channel 3: dead", alone.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(_tiny.Path("dead.png")));
        var both = await _tiny.ArrayAsync("ascend", "--layer", "features.0", "--channel", $"1,{TinyNetwork.DeadChannel}", "--steps", "5");
        Assert.All(both.ToFloats()[27..], value => Assert.True(float.IsNaN(value)));
        Assert.All(both.ToFloats()[..27], value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public async Task Filters_are_drawn_or_written_under_the_name_of_the_weight()
    {
        (await _tiny.RunAsync("filters", "rgb.png", "--layer", "features.0")).Succeeded();
        (await _tiny.RunAsync("filters", "grey.png", "--layer", "features.4.expand3x3")).Succeeded();
        (await _tiny.RunAsync("filters", "weights.safetensors", "--layer", "features.4.expand3x3")).Succeeded();
        Assert.Equal([3, 2, 3, 3], SafetensorsFile.Read(_tiny.Path("weights.safetensors")).ReadFloats("features.4.expand3x3.weight").Shape);
    }
}
