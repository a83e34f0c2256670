using VizPipeline.Cli.CommandLine;

namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Layers that only repeat others, in <c>viz layers</c> and <c>viz run</c>.</summary>
public sealed class LayerChoiceTests : IDisposable
{
    private readonly TinyNetwork _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public async Task They_are_listed_as_such()
    {
        var run = (await CommandLineRun.RunAsync("layers", _tiny.Path("tiny.safetensors"), "--input-size", "32")).Succeeded();

        var lines = run.Output.Split('\n');
        var line = Assert.Single(lines, line => line.TrimStart().StartsWith("features.3 ", StringComparison.Ordinal));
        Assert.EndsWith("repeats features.3.expand1x1, features.3.expand3x3", line.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(8, lines.Count(other => other.Contains(" repeats ", StringComparison.Ordinal)));
        Assert.Contains(lines, other => other.StartsWith("8 of the layers, with 48 neurons, only repeat others", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_atlas_leaves_them_out_and_says_so_in_one_line()
    {
        var run = (await _tiny.RunAsync("run", "atlas", "--methods", "filters")).Succeeded();

        var line = Assert.Single(run.Errors.Split('\n'), line => line.StartsWith("viz: left out", StringComparison.Ordinal));
        Assert.Contains(" features.3, features.4, features.6, ", line, StringComparison.Ordinal);
        var layers = await LayersAsync("atlas");
        Assert.DoesNotContain("features.3", layers);
        Assert.Contains("features.3.expand3x3", layers);
        Assert.Contains("logits", layers);
    }

    [Fact]
    public async Task Named_in_the_options_they_are_layers_as_others_are()
    {
        var run = (await _tiny.RunAsync("run", "named", "--methods", "filters", "--layers", "features.3,features.4*")).Succeeded();

        Assert.DoesNotContain("left out", run.Errors, StringComparison.Ordinal);
        Assert.Equal(
            ["features.3", "features.4.squeeze", "features.4.expand1x1", "features.4.expand3x3", "features.4"], await LayersAsync("named"));
    }

    private async Task<IEnumerable<string>> LayersAsync(string atlas) =>
        (await StoredAtlas.OpenAsync(_tiny.Path(atlas), TestContext.Current.CancellationToken)).Spec.Layers.Select(layer => layer.Name);
}
