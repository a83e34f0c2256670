using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Spectre.Console;
using VizPipeline.Catalog;
using VizPipeline.Cli.Status;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Cli.Status;

public sealed class StatusTextTests : IDisposable
{
    private readonly AtlasFolder _atlas = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _atlas.Dispose();

    [Fact]
    public async Task Text_tells_stages_failures_and_skipped_images()
    {
        await (await _atlas.PlanAsync()).CompleteAsync(group => group.Kind is JobKind.Scan or JobKind.Merge);
        await _atlas.ChangeAsync(
            catalog => catalog.Jobs.Where(job => job.Kind == JobKind.Patches && job.LayerIndex == 1).ExecuteUpdateAsync(
            job => job.SetProperty(j => j.State, JobState.Failed).SetProperty(j => j.Error, "disk [full]").SetProperty(j => j.Failures, 3),
            _cancellation));
        await _atlas.ChangeAsync(catalog => catalog.Jobs.Where(job => job.Kind == JobKind.Sheet && job.LayerIndex == 1)
            .ExecuteUpdateAsync(job => job.SetProperty(j => j.State, JobState.Blocked), _cancellation));

        var lines = (await TextAsync()).Split('\n').Select(line => line.TrimEnd()).ToArray();

        Assert.Equal("atlas sample (A sample): not finished", lines[0]);
        Assert.Equal("3 layers, 11 neurons, 10 images; planned 1970-01-01 00:00:00 UTC, last activity 1970-01-01 00:00:04 UTC", lines[1]);
        Assert.Contains("scan 1 1 0 0 0 10 10 1.5 s", lines.Select(Words));
        Assert.Contains("merge 3 3 0 0 0 11 11 4.5 s", lines.Select(Words));
        Assert.Contains("patches 3 0 0 2 1 0 11 0.0 s", lines.Select(Words));
        Assert.Contains("6.0 s of work in total", lines);
        Assert.Contains($"  job 6, patches of {AtlasFolder.OddLayer} neurons 0 to 3: failed 3 times: disk [full]", lines);
        Assert.Contains(
            lines, line => line.StartsWith("  job ", StringComparison.Ordinal)
            && line.EndsWith("not started, because a job that it depends on failed", StringComparison.Ordinal));
        Assert.Contains("1 image could not be read and was skipped:", lines);
        Assert.Contains("  6.png: image 6 is truncated", lines);
    }

    [Fact]
    public async Task A_finished_atlas_says_when_it_was_completed()
    {
        await (await _atlas.PlanAsync()).CompleteAsync(_ => true);
        await _atlas.ChangeAsync(catalog => catalog.Atlases.ExecuteUpdateAsync(
            row => row.SetProperty(a => a.State, AtlasState.Completed).SetProperty(a => a.FinishedAt, DateTime.UnixEpoch.AddDays(1)),
            _cancellation));

        Assert.StartsWith("atlas sample (A sample): completed 1970-01-02 00:00:00 UTC\n", await TextAsync());
    }

    [Fact]
    public async Task Only_ten_of_many_skipped_images_are_listed()
    {
        await _atlas.PlanAsync();
        await _atlas.ChangeAsync(
            catalog =>
            catalog.Images.ExecuteUpdateAsync(image => image.SetProperty(i => i.UnreadableReason, "it is empty"), _cancellation));
        await _atlas.ChangeAsync(async catalog =>
        {
            catalog.Add(new Image { AtlasId = 1, ImageIndex = 10, Path = "k.png", UnreadableReason = "it is empty" });
            await catalog.SaveChangesAsync(_cancellation);
        });

        var text = await TextAsync();

        Assert.Contains("11 images could not be read and were skipped; the first 10:", text);
        Assert.DoesNotContain("k.png", text);
    }

    [Fact]
    public async Task Json_has_the_same_facts_under_lasting_names()
    {
        await (await _atlas.PlanAsync()).CompleteAsync(group => group.Kind is JobKind.Scan);

        var json = JsonDocument.Parse(VizJson.Write(await ReadAsync())).RootElement;

        Assert.Equal(
            ("sample", "running", 1.5),
            (json.GetProperty("id").GetString(), json.GetProperty("state").GetString(), json.GetProperty("seconds").GetDouble()));
        var scan = json.GetProperty("stages")[0];
        Assert.Equal(
            ("scan", 1, 10),
            (scan.GetProperty("kind").GetString(), scan.GetProperty("done").GetInt32(), scan.GetProperty("units_done").GetInt32()));
        Assert.Equal("6.png", json.GetProperty("first_unreadable")[0].GetProperty("path").GetString());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("finished_at").ValueKind);
    }

    private static string Words(string line) => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private async Task<AtlasStatus> ReadAsync()
    {
        var stored = await _atlas.OpenAsync();
        await using var catalog = stored.Database.Open();
        return await AtlasStatus.ReadAsync(catalog, stored.Row, _cancellation);
    }

    private async Task<string> TextAsync()
    {
        var written = new StringWriter { NewLine = "\n" };
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(written), Ansi = AnsiSupport.No });
        console.Profile.Width = 200;
        StatusText.Write(console, await ReadAsync(), "`viz retry`");
        return written.ToString();
    }
}
