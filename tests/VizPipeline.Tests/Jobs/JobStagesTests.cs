using System.Text.Json;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Jobs;

public sealed class JobStagesTests
{
    private static readonly JobGroup Scan = new(JobKind.Scan, null);
    private static readonly JobGroup Merge = new(JobKind.Merge, 0);
    private static readonly JobGroup Patches = new(JobKind.Patches, 0);
    private static readonly JobGroup Sheet = new(JobKind.Sheet, 0);

    [Fact]
    public void What_waits_for_nothing_may_start_at_once()
        => Check([(Scan, Waits), (Merge, Waits), (new(JobKind.Ascent, 0), Waits)], new(Scan, false), new(new(JobKind.Ascent, 0), false));

    [Fact]
    public void Ascents_from_top_patches_wait_for_their_layers_merge()
    {
        var ascent = new JobGroup(JobKind.Ascent, 0);
        Assert.Empty(JobStages.Next(FromTops, new Dictionary<JobGroup, GroupState> { [Merge] = new(1, 0, 1, 0), [ascent] = Waits }));
        Assert.Equal([new JobStep(ascent, false)], JobStages.Next(
            FromTops, new Dictionary<JobGroup, GroupState> { [Merge] = Done, [ascent] = Waits }));
        Assert.Equal([new JobStep(ascent, true)], JobStages.Next(
            FromTops, new Dictionary<JobGroup, GroupState> { [Merge] = new(1, 0, 0, 1), [ascent] = Waits }));
    }

    [Fact]
    public void A_merge_waits_for_the_last_shard()
    {
        Check([(Scan, new GroupState(3, 0, 1, 0)), (Merge, Waits)]);
        Check([(Scan, Done), (Merge, Waits)], new JobStep(Merge, false));
    }

    [Fact]
    public void A_lost_shard_blocks_merges_and_patches_and_releases_the_sheet()
        => Check(
            [(Scan, new GroupState(3, 0, 2, 1)), (Merge, Waits), (Patches, Waits), (Sheet, Waits)],
            new(Merge, true), new(Patches, true), new(Sheet, false));

    [Fact]
    public void A_sheet_waits_for_all_of_its_layer_but_forgives_losses()
    {
        Check([(Merge, Done), (Patches, new GroupState(2, 0, 1, 1)), (Sheet, Waits)]);
        Check([(Merge, Done), (Patches, new GroupState(2, 0, 0, 2)), (Sheet, Waits)], new JobStep(Sheet, false));
    }

    [Fact]
    public void Layers_go_on_without_each_other()
        => Check(
            [(Merge, Done), (new(JobKind.Merge, 1), new GroupState(1, 0, 1, 0)), (Patches, Waits), (new(JobKind.Patches, 1), Waits)],
            new JobStep(Patches, false));

    private static AtlasSpec FromTops => SpecSamples.Small() with
    {
        Ascent = new AscentSpec
        {
            Presets = ["mine"],
            Recipes = new Dictionary<string, JsonElement>
            {
                ["mine"] = JsonSerializer.SerializeToElement(
                new { start = new { kind = "top_patches" } })
            },
        },
    };

    private static GroupState Waits => new(1, 1, 0, 0);

    private static GroupState Done => new(1, 0, 0, 0);

    private static void Check((JobGroup Group, GroupState State)[] groups, params JobStep[] expected)
        => Assert.Equal(expected, JobStages.Next(SpecSamples.Small(), groups.ToDictionary(entry => entry.Group, entry => entry.State)));
}
