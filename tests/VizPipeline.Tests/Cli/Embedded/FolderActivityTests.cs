using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;

namespace VizPipeline.Tests.Cli.Embedded;

/// <summary>Tests whether `viz serve` knows that the process that builds an atlas has ended.</summary>
public sealed class FolderActivityTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_atlas_is_stopped_when_no_process_leads_its_catalog()
    {
        using var folder = await new AtlasFolder().PlanAsync();
        var stored = await folder.OpenAsync();
        var activity = new FolderActivity(new Dictionary<string, StoredAtlas> { ["sample"] = stored });
        await using var catalog = stored.Database.Open();

        Assert.Contains("goes on where it stopped", await activity.ExplainStopAsync(catalog, "sample", _cancellation));
        await using (await folder.Database.TryLeadAsync(_cancellation))
        {
            Assert.Null(await activity.ExplainStopAsync(catalog, "sample", _cancellation));
            // Asking takes nothing from the process that leads.
            Assert.True(folder.Database.IsLed());
        }
        // The file of the lock remains.
        Assert.Contains("goes on where it stopped", await activity.ExplainStopAsync(catalog, "sample", _cancellation));
        Assert.NotNull(await folder.Database.TryLeadAsync(_cancellation));
    }

    [Fact]
    public async Task An_atlas_that_ended_after_the_copy_was_made_is_said_to_have_ended()
    {
        using var folder = await new AtlasFolder().PlanAsync();
        var stored = await folder.OpenAsync();
        await folder.ChangeAsync(async catalog =>
        {
            catalog.Atlases.Update((await catalog.FindAtlasAsync("sample", _cancellation))!).Entity.State = AtlasState.Completed;
            await catalog.SaveChangesAsync(_cancellation);
        });
        var activity = new FolderActivity(new Dictionary<string, StoredAtlas> { ["sample-2"] = stored });
        await using var copy = stored.Database.Open();
        Assert.Contains("has ended since", await activity.ExplainStopAsync(copy, "sample-2", _cancellation));
    }
}
