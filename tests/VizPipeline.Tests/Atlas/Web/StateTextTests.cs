using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;

namespace VizPipeline.Tests.Atlas.Web;

/// <summary>Tests the words for the state of an atlas.</summary>
public sealed class StateTextTests
{
    [Theory]
    [InlineData(AtlasState.Running, false, "in progress, 3 of 10 jobs done")]
    [InlineData(AtlasState.Running, true, "stopped, 3 of 10 jobs done")]
    [InlineData(AtlasState.Completed, false, "completed 2024-05-06 07:08 UTC")]
    [InlineData(AtlasState.CompletedWithFailures, false, "completed with 1 failed job")]
    [InlineData(AtlasState.Cancelled, false, "cancelled")]
    public void An_atlas_that_nobody_works_on_is_stopped(AtlasState state, bool isStopped, string text)
    {
        var row = new VizPipeline.Catalog.Atlas
        {
            Slug = "demo",
            Name = "Demo",
            SpecHash = "",
            Spec = "",
            State = state,
            FinishedAt = new DateTime(2024, 5, 6, 7, 8, 9, DateTimeKind.Utc),
        };
        Assert.Equal(text, StateText.Line(new AtlasSummary(row, 1, 1, 1, 10, 3, 1) { IsStopped = isStopped }));
    }
}
