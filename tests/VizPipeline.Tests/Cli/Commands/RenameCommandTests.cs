using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Tests <c>viz rename</c>.</summary>
public sealed class RenameCommandTests : IDisposable
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private readonly FinishedAtlas _atlas = new();

    public void Dispose() => _atlas.Dispose();

    [Fact]
    public async Task A_renamed_atlas_is_the_same_under_another_name()
    {
        await _atlas.MakeAsync();
        var before = await StoredAtlas.OpenAsync(_atlas.Path, _cancellation);

        var run = (await CommandLineRun.RunAsync("rename", _atlas.Path, "other-2", "--name", "Another one")).Succeeded();

        Assert.Equal("Atlas 'sample' is 'other-2' now, with the name 'Another one'\n", run.Output);
        await CheckAsync("other-2", "Another one");
        var after = await StoredAtlas.OpenAsync(_atlas.Path, _cancellation);
        Assert.Equal(before.Row.SpecHash, after.Row.SpecHash);
        Assert.False(File.Exists(_atlas.File("atlas.db-wal")));
        Assert.Contains("other-2", (await CommandLineRun.RunAsync("status", _atlas.Path, "--json")).Succeeded().Output);
        await FinishedAtlas.OpenPagesAsync(_atlas.Path);
        (await CommandLineRun.RunAsync("query", _atlas.Path, "--layer", "conv1")).Succeeded();
    }

    [Fact]
    public async Task Without_a_name_the_name_stays()
    {
        await _atlas.MakeAsync();
        (await CommandLineRun.RunAsync("rename", _atlas.Path, "longer-than-before-it-was")).Succeeded();
        await CheckAsync("longer-than-before-it-was", FinishedAtlas.Spec.Name);
        (await CommandLineRun.RunAsync("rename", _atlas.Path, "sample")).Succeeded();
        await CheckAsync("sample", FinishedAtlas.Spec.Name);
    }

    // The number of files that were written when the process was killed, in the order in which they are written.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task After_a_kill_the_same_command_finishes(int written)
    {
        await _atlas.MakeAsync();
        var before = FinishedAtlas.ReadAll(_atlas.Path);
        (await CommandLineRun.RunAsync("rename", _atlas.Path, "other")).Succeeded();
        var changed = before.Where(pair => pair.Key != "atlas.db"
            && !File.ReadAllBytes(_atlas.File(pair.Key)).AsSpan().SequenceEqual(pair.Value))
            .OrderBy(pair => pair.Key switch { "manifest.json" => 0, "objects.json" => 1, _ => 2 })
            .ThenBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        Assert.True(changed.Count > 6);
        FinishedAtlas.WriteAll(_atlas.Path, changed.Skip(written));

        (await CommandLineRun.RunAsync("rename", _atlas.Path, "other")).Succeeded();

        await CheckAsync("other", FinishedAtlas.Spec.Name);
    }

    [Fact]
    public async Task A_file_that_was_damaged_before_still_is_one_afterwards()
    {
        await _atlas.MakeAsync();
        await File.AppendAllTextAsync(_atlas.File("spec.json"), " ", _cancellation);
        await File.AppendAllTextAsync(_atlas.File("tables/conv1/neurons.json"), " ", _cancellation);

        (await CommandLineRun.RunAsync("rename", _atlas.Path, "other")).Succeeded();

        Assert.Equal(
            ["object atlases/other/spec.json: changed since the run (different SHA-256)",
                "object atlases/other/tables/conv1/neurons.json: changed since the run (different SHA-256)"],
            await FinishedAtlas.FindFaultsAsync(_atlas.Path));
    }

    [Fact]
    public async Task What_cannot_be_renamed_is_one_line()
    {
        await _atlas.MakeAsync();
        foreach (var id in new[] { "Upper", "ab", "a b c", "../x", "x/y/z", "" })
            (await CommandLineRun.RunAsync("rename", _atlas.Path, id)).ComplainedOf($"id '{id}' must be 3 to 64 characters");
        (await CommandLineRun.RunAsync("rename", _atlas.Path, "other", "--name", " ")).ComplainedOf("--name must be one line");
        (await CommandLineRun.RunAsync("rename", _atlas.Path, "other", "--name", "a\nb")).ComplainedOf("--name must be one line");
        await using (await _atlas.Database.TryLeadAsync(_cancellation))
            (await CommandLineRun.RunAsync("rename", _atlas.Path, "other")).ComplainedOf("another process works on atlas 'sample'");
        await _atlas.ChangeAsync(catalog => catalog.Atlases.ExecuteUpdateAsync(
            set => set.SetProperty(atlas => atlas.State, AtlasState.Running), _cancellation));
        (await CommandLineRun.RunAsync("rename", _atlas.Path, "other")).ComplainedOf("is not finished");
    }

    private async Task CheckAsync(string id, string name)
    {
        Assert.Empty(await FinishedAtlas.FindFaultsAsync(_atlas.Path));
        var atlas = await StoredAtlas.OpenAsync(_atlas.Path, _cancellation);
        Assert.Equal((id, name, id, name), (atlas.Row.Slug, atlas.Row.Name, atlas.Spec.Id, atlas.Spec.Name));
        var (spec, manifest) = (
            VizJson.Read<AtlasSpec>(await File.ReadAllBytesAsync(_atlas.File("spec.json"), _cancellation)),
            FinishedAtlas.ReadManifest(_atlas.Path));
        Assert.Equal((id, name, id, atlas.Row.SpecHash), (spec.Id, spec.Name, manifest.Spec.Id, manifest.SpecHash));
        await using var catalog = atlas.Database.Open();
        var keys = (await catalog.Pictures.Select(picture => picture.Key).ToListAsync(_cancellation))
            .Concat(await catalog.Layers.Select(layer => layer.SheetKey).ToListAsync(_cancellation))
            .Concat(await catalog.Jobs.Select(job => job.ResultKey).ToListAsync(_cancellation)).OfType<string>().ToList();
        Assert.NotEmpty(keys);
        Assert.All(keys, key => Assert.True(File.Exists(FinishedAtlas.Store(_atlas.Path, id).PathOf(key)), key));
        foreach (var job in await catalog.Jobs.ToListAsync(_cancellation))
            Assert.Equal(id, new JobMessage(job.Kind, job.Payload, 1).ReadCommand().AtlasId);
        foreach (var file in Directory.EnumerateFiles(_atlas.Path, "*.json", SearchOption.AllDirectories))
            Assert.DoesNotMatch($"atlases/(?!{id}/)", await File.ReadAllTextAsync(file, _cancellation));
    }
}
