using System.Security.Cryptography;
using System.Text.Json.Nodes;
using VizPipeline.Atlas.Export;
using VizPipeline.Catalog;
using VizPipeline.Tests.Deployment;

namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Tests <c>viz card</c> on a folder.</summary>
public sealed class CardCommandTests : IDisposable
{
    private readonly AtlasFolder _atlas = new();
    private readonly TemporaryFolder _target = new();

    private string Card => _target.File("README.md");

    public void Dispose()
    {
        _atlas.Dispose();
        _target.Dispose();
    }

    [Fact]
    public async Task The_front_matter_names_every_exported_table()
    {
        await (await _atlas.PlanAsync()).FinishAsync(AtlasFolder.Spec with { Name = "net: \"one\", two\n# {three}" });
        await ExportAsync();
        var run = (await WriteAsync("--license", "cc-by-4.0")).Succeeded();
        Assert.Equal("", run.Errors);
        var front = FrontMatter();
        Assert.Equal("cc-by-4.0", (string?)front["license"]);
        Assert.Equal("Neuron atlas of net: \"one\", two # {three}", (string?)front["pretty_name"]);
        Assert.Equal(["n<1K"], Texts(front["size_categories"]));
        Assert.Contains("neuron-atlas", Texts(front["tags"]));
        var configs = front["configs"]!.AsArray();
        Assert.Equal(AtlasExport.Tables.Order(), configs.Select(config => (string)config!["config_name"]!).Order());
        Assert.Equal("neurons", (string?)Assert.Single(configs, config => (bool?)config!["default"] == true)!["config_name"]);
        Assert.All(configs, config => Assert.True(File.Exists(_target.File((string)config!["data_files"]!))));
    }

    [Fact]
    public async Task The_text_has_network_layers_accuracy_and_citation()
    {
        await (await _atlas.PlanAsync()).FinishAsync(accuracy: new NetworkAccuracy(10, 0.9, 1, 2));
        await WriteAsync("--license-of-images", "see <the owner>");
        var card = Read();
        Assert.Contains("- Network: net.onnx, input 3 x 8 x 8, SHA-256 `ab`", card, StringComparison.Ordinal);
        Assert.Contains("- Image set: images, 10 images, classes: 2", card, StringComparison.Ordinal);
        Assert.Contains("accuracy 90.0 % (top 5: 100.0 %) over 10 labelled images", card, StringComparison.Ordinal);
        Assert.Contains("gradient ascent, filters", card, StringComparison.Ordinal);
        Assert.Contains("| conv1 | conv | 5 | 4 x 4 |", card, StringComparison.Ordinal);
        Assert.Contains("pd.read_parquet(\"tables/neurons.parquet\")", card, StringComparison.Ordinal);
        Assert.Contains("Licence of the images: see \\<the owner\\>", card, StringComparison.Ordinal);
        var entry = card.Split("```bibtex\n")[1].Split("```")[0];
        Assert.Contains(
            Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(
                Path.Combine(_atlas.Path, "manifest.json"), TestContext.Current.CancellationToken))),
            CiteCommandTests.Parse(entry)["note"], StringComparison.Ordinal);
        Assert.Equal((await CommandLineRun.RunAsync("cite", _atlas.Path)).Succeeded().Output, entry);
        Assert.Equal("unknown", (string?)FrontMatter()["license"]);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("pictures/conv1/deconv", false)]
    [InlineData("site/crops", true)]
    [InlineData("pictures/conv1/top9", true)]
    [InlineData("sheets", true)]
    public async Task It_says_whether_source_pixels_lie_beside_it(string folder, bool has)
    {
        await (await _atlas.PlanAsync()).FinishAsync();
        Directory.CreateDirectory(_target.File(folder));
        await WriteAsync();
        Assert.Equal(has, Read().Contains("**contains pixels of the image set**", StringComparison.Ordinal));
        Assert.Equal(!has, Read().Contains("**no pixels of the image set**", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_a_card_is_replaced_unless_forced()
    {
        await (await _atlas.PlanAsync()).FinishAsync();
        (await WriteAsync()).Succeeded();
        (await WriteAsync("--license", "mit")).Succeeded();
        Assert.Equal("mit", (string?)FrontMatter()["license"]);
        await File.WriteAllTextAsync(Card, "# Mine", TestContext.Current.CancellationToken);
        (await WriteAsync()).ComplainedOf("exists and is not a card", "--force");
        Assert.Equal("# Mine", Read());
        (await WriteAsync("--force")).Succeeded();
        Assert.StartsWith("---\n", Read(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_makes_no_sense_is_one_line()
    {
        await _atlas.PlanAsync();
        (await WriteAsync()).ComplainedOf("is not finished");
        Assert.False(File.Exists(Card));
        await _atlas.FinishAsync();
        (await WriteAsync("--license", "MIT licence")).ComplainedOf("--license 'MIT licence' is not an identifier");
        (await CommandLineRun.RunAsync("card", _atlas.Path, "--to", _target.Path)).ComplainedOf("is a folder; give a file");
        var run = (await WriteAsync()).Succeeded();
        Assert.Contains("tables that are not there yet: `viz export", run.Errors, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(text => (string)text!);

    private Task<CommandLineRun> WriteAsync(params string[] options) =>
        CommandLineRun.RunAsync(["card", _atlas.Path, "--to", Card, .. options]);

    private async Task ExportAsync() => (await CommandLineRun.RunAsync(
        "export", _atlas.Path, "--format", "parquet", "--to", _target.File("tables"))).Succeeded();

    private string Read() => File.ReadAllText(Card);

    private JsonNode FrontMatter()
    {
        var parts = Read().Split("---\n");
        Assert.Equal("", parts[0]);
        return Assert.Single(Yaml.Documents(parts[1]));
    }
}
