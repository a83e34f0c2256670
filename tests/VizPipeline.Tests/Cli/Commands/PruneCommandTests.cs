using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Tests <c>viz prune</c>.</summary>
public sealed class PruneCommandTests : IDisposable
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private readonly FinishedAtlas _atlas = new();

    public void Dispose() => _atlas.Dispose();

    public static TheoryData<string[], string[], int> Parts => new()
    {
        { ["--activations"], ["activations/"], 2 },
        { ["--scan"], ["scan/"], 3 },
        { ["--method", "ascent"], ["/ascent/"], 11 },
        { ["--method", "deconv"], ["/deconv/"], 11 },
        { ["--method", "filters"], ["/filters/"], 1 },
        { ["--method", "top9"], ["/top9/"], 11 },
        { ["--activations", "--scan", "--method", "ascent", "--method", "deconv", "filters", "top9"],
            ["activations/", "scan/", "/ascent/", "/deconv/", "/filters/", "/top9/"], 39 },
    };

    [Theory]
    [MemberData(nameof(Parts))]
    public async Task What_remains_opens(string[] options, string[] folders, int files)
    {
        await _atlas.MakeAsync();
        var before = FinishedAtlas.ReadAll(_atlas.Path);
        var hash = (await StoredAtlas.OpenAsync(_atlas.Path, _cancellation)).Row.SpecHash;
        Assert.Equal(files, before.Keys.Count(IsOfThem));

        var dry = (await CommandLineRun.RunAsync(["prune", _atlas.Path, .. options, "--dry-run"])).Succeeded();
        Assert.Contains($"Would delete {(files == 1 ? "1 file" : $"{files} files")}, ", dry.Output);
        Assert.Equal(before, FinishedAtlas.ReadAll(_atlas.Path));
        var run = (await CommandLineRun.RunAsync(["prune", _atlas.Path, .. options])).Succeeded();
        Assert.Contains($"Deleted {(files == 1 ? "1 file" : $"{files} files")}, ", run.Output);

        var after = FinishedAtlas.ReadAll(_atlas.Path);
        Assert.Equal(before.Keys.Where(name => !IsOfThem(name)), after.Keys);
        Assert.DoesNotContain(
            Directory.EnumerateDirectories(_atlas.Path, "*", SearchOption.AllDirectories),
            folder => !Directory.EnumerateFileSystemEntries(folder).Any());
        await CheckAsync();
        var manifest = FinishedAtlas.ReadManifest(_atlas.Path);
        Assert.Equal(folders.Select(folder => folder.Trim('/')).Order(), manifest.Pruned!.Select(part => part.Part).Order());
        Assert.All(manifest.Pruned!, part => Assert.True(part.At > DateTime.UtcNow.AddHours(-1)));
        Assert.Equal(hash, manifest.SpecHash);
        // Again there is nothing to delete, and the times stay.
        Assert.Matches("Nothing to delete|Deleted 0 files", (await CommandLineRun.RunAsync(["prune", _atlas.Path, .. options])).Output);
        Assert.Equal(manifest.Pruned, FinishedAtlas.ReadManifest(_atlas.Path).Pruned);

        bool IsOfThem(string name) => folders.Any(folder =>
            folder[0] == '/' ? name.Contains(folder, StringComparison.Ordinal) : name.StartsWith(folder, StringComparison.Ordinal));
    }

    // The number of files that were written when the process was killed, in the order in which they are written.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task After_a_kill_the_atlas_opens_and_the_same_command_finishes(int written)
    {
        await _atlas.MakeAsync();
        var before = FinishedAtlas.ReadAll(_atlas.Path);
        string[] command = ["prune", _atlas.Path, "--method", "ascent", "--scan"];
        (await CommandLineRun.RunAsync(command)).Succeeded();
        var changed = before.Where(pair => pair.Key != "atlas.db" && File.Exists(_atlas.File(pair.Key))
            && !File.ReadAllBytes(_atlas.File(pair.Key)).AsSpan().SequenceEqual(pair.Value))
            .OrderBy(pair => pair.Key switch { "manifest.json" => 0, "objects.json" => 1, _ => 2 })
            .ThenBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        FinishedAtlas.WriteAll(_atlas.Path, changed.Skip(written));
        FinishedAtlas.WriteAll(_atlas.Path, before.Where(pair => !File.Exists(_atlas.File(pair.Key))).Take(5));
        await FinishedAtlas.OpenPagesAsync(_atlas.Path);

        (await CommandLineRun.RunAsync(command)).Succeeded();

        Assert.DoesNotContain(FinishedAtlas.ReadAll(_atlas.Path).Keys, name => name.Contains("/ascent/", StringComparison.Ordinal));
        await CheckAsync();
    }

    [Fact]
    public async Task Pruned_pictures_have_neither_rows_nor_views()
    {
        await _atlas.MakeAsync();
        (await CommandLineRun.RunAsync("prune", _atlas.Path, "--method", "ascent")).Succeeded();
        var atlas = await StoredAtlas.OpenAsync(_atlas.Path, _cancellation);
        Assert.Equal(AtlasMethods.Ascent, atlas.Spec.Pruned);
        Assert.DoesNotContain(VizPipeline.Atlas.Web.TileView.ListFor(atlas.Spec), view => view.Ascent.Preset.Length > 0);
        await using var catalog = atlas.Database.Open();
        Assert.Equal(
            [PictureMethod.Deconv, PictureMethod.Filters, PictureMethod.Top9],
            (await catalog.Pictures.Select(picture => picture.Method).Distinct().ToListAsync(_cancellation)).Order());
    }

    // The number of files that are still there when the process was killed.
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(1000)]
    public async Task A_layer_goes_with_all_that_the_atlas_has_of_it(int left)
    {
        await _atlas.MakeAsync();
        var before = FinishedAtlas.ReadAll(_atlas.Path);
        string[] command = ["prune", _atlas.Path, "--layer", "conv1"];
        Assert.Contains("layer conv1: ", (await CommandLineRun.RunAsync([.. command, "--dry-run"])).Succeeded().Output);
        Assert.Equal(before, FinishedAtlas.ReadAll(_atlas.Path));
        (await CommandLineRun.RunAsync(command)).Succeeded();
        if (left > 0)
        {
            // The catalog comes first, then manifest and list, then the other files.
            FinishedAtlas.WriteAll(_atlas.Path, before.Where(pair => pair.Key is "manifest.json" or "objects.json" or "spec.json"));
            FinishedAtlas.WriteAll(_atlas.Path, before.Where(pair => !File.Exists(_atlas.File(pair.Key))).Take(left));
            await FinishedAtlas.OpenPagesAsync(_atlas.Path);
            (await CommandLineRun.RunAsync(command)).Succeeded();
        }

        Assert.DoesNotContain(FinishedAtlas.ReadAll(_atlas.Path).Keys, name => name.Contains("conv1", StringComparison.Ordinal));
        var (atlas, manifest) = (await StoredAtlas.OpenAsync(_atlas.Path, _cancellation), FinishedAtlas.ReadManifest(_atlas.Path));
        Assert.Equal((atlas.Spec.Hash(), atlas.Spec.Hash()), (atlas.Row.SpecHash, manifest.SpecHash));
        Assert.Equal(VizJson.Write(atlas.Spec), File.ReadAllBytes(_atlas.File("spec.json")));
        Assert.Equal("layer conv1", Assert.Single(manifest.Pruned!).Part);
        await using var catalog = atlas.Database.Open();
        Assert.Equal([1, 2], await catalog.Layers.Select(layer => layer.LayerIndex).Order().ToListAsync(_cancellation));
        Assert.DoesNotContain(0, await catalog.Jobs.Select(job => job.LayerIndex).Distinct().ToListAsync(_cancellation));
        Assert.Equal(atlas.Spec.NeuronCount(), await catalog.Neurons.CountAsync(_cancellation));
        await FinishedAtlas.OpenPagesAsync(_atlas.Path);
        (await CommandLineRun.RunAsync("status", _atlas.Path)).Succeeded();
        (await CommandLineRun.RunAsync(command)).ComplainedOf("atlas 'sample' has no layer 'conv1'; it has ");
        string[] others = [.. atlas.Spec.Layers.SelectMany(layer => (string[])["--layer", layer.Name])];
        (await CommandLineRun.RunAsync(["prune", _atlas.Path, .. others])).ComplainedOf("an atlas needs a layer");
    }

    [Fact]
    public async Task A_pruned_atlas_can_be_packed()
    {
        using var files = new TemporaryFolder();
        await _atlas.MakeAsync();
        (await CommandLineRun.RunAsync("prune", _atlas.Path, "--method", "deconv", "--activations")).Succeeded();
        (await CommandLineRun.RunAsync("pack", _atlas.Path, "--to", files.File("a.tar"))).Succeeded();
        (await CommandLineRun.RunAsync("unpack", files.File("a.tar"), "--to", files.File("b"))).Succeeded();
        Assert.Empty(await FinishedAtlas.FindFaultsAsync(files.File("b")));
        await FinishedAtlas.OpenPagesAsync(files.File("b"));
    }

    [Fact]
    public async Task What_cannot_be_pruned_is_one_line()
    {
        await _atlas.MakeAsync();
        (await PruneAsync()).ComplainedOf("give --activations, --scan, --method");
        (await PruneAsync("--method", "magic")).ComplainedOf("--method 'magic' is unknown; use ascent, deconv, facets, filters, top9");
        await using (await _atlas.Database.TryLeadAsync(_cancellation))
            (await PruneAsync("--scan")).ComplainedOf("another process works on atlas 'sample'");
        await SetStateAsync(AtlasState.CompletedWithFailures);
        (await PruneAsync("--scan")).ComplainedOf("has jobs that failed");
        await SetStateAsync(AtlasState.Running);
        (await PruneAsync("--activations")).ComplainedOf("is not finished");

        Task<CommandLineRun> PruneAsync(params string[] options) => CommandLineRun.RunAsync(["prune", _atlas.Path, .. options]);

        Task SetStateAsync(AtlasState state) => _atlas.ChangeAsync(catalog => catalog.Atlases.ExecuteUpdateAsync(
            set => set.SetProperty(atlas => atlas.State, state), _cancellation));
    }

    private async Task CheckAsync()
    {
        Assert.Empty(await FinishedAtlas.FindFaultsAsync(_atlas.Path));
        await FinishedAtlas.OpenPagesAsync(_atlas.Path);
        (await CommandLineRun.RunAsync("query", _atlas.Path, "--layer", "conv1")).Succeeded();
        (await CommandLineRun.RunAsync("status", _atlas.Path)).Succeeded();
    }
}
