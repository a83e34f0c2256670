using CsCheck;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Jobs;

public sealed class JobPlanTests
{
    private static readonly string[] Kinds = ["conv", "linear", "merge", "output"];

    private static readonly Gen<AtlasSpec> Specs =
        from channels in Gen.Int[1, 40].Array[1, 6]
        from images in Gen.Int[1, 500]
        from shard in Gen.Int[1, 100]
        from neurons in Gen.Int[1, 50]
        from methods in Gen.Int[1, 15]
        from seeds in Gen.Int[1, 3]
        select SpecSamples.Small(images: images, shardImages: shard, neuronsPerJob: neurons) with
        {
            Layers = [.. channels.Select(
                (count, index) => SpecSamples.Layer(index, $"l{index}", Kinds[index % 4], count) with { Parameters = count % 3 })],
            Methods = (AtlasMethods)methods,
            Ascent = new AscentSpec { Presets = ["3", "1"], Seeds = [.. Enumerable.Range(0, seeds)] },
        };

    [Fact]
    public void Jobs_are_numbered_from_1_and_the_same_every_time() => Specs.Sample(spec =>
    {
        var plan = JobPlan.For(spec);
        Assert.Equal(Enumerable.Range(1, plan.Count).Select(id => (long)id), plan.Select(job => job.Id));
        Assert.All(plan, job => Assert.Equal((job.Id, 0, spec.Id), (job.Command.JobId, job.Command.Attempt, job.Command.AtlasId)));
        Assert.Equal(plan, JobPlan.For(spec));
    });

    [Fact]
    public void Shards_partition_the_images() => Specs.Where(spec => spec.NeedsScan()).Sample(spec =>
    {
        var shards = JobPlan.For(spec).Select(job => job.Command).OfType<ScanShard>().ToList();
        Assert.Equal(spec.ShardCount(), shards.Count);
        Assert.Equal(Enumerable.Range(0, shards.Count), shards.Select(shard => shard.Shard));
        Assert.Equal(
            Enumerable.Range(0, spec.Images.Count),
            shards.SelectMany(shard => Enumerable.Range(shard.FirstImage, shard.EndImage - shard.FirstImage)));
    });

    [Fact]
    public void Many_shards_are_gathered_in_parts_that_partition_them()
    {
        Specs.Where(spec => spec.NeedsScan()).Sample(spec =>
        {
            var plan = JobPlan.For(spec).Select(job => job.Command).ToList();
            var parts = plan.OfType<GatherShards>().GroupBy(part => part.Layer).ToDictionary(layer => layer.Key, layer => layer.ToList());
            Assert.Equal(spec.ShardCount() > AtlasSpec.ShardsAtOnce ? spec.Layers.Count : 0, parts.Count);
            Assert.All(plan.OfType<MergeLayer>(), merge => Assert.Equal(parts.GetValueOrDefault(merge.Layer)?.Count ?? 0, merge.Parts));
            Assert.All(parts.Values, layer => Assert.Equal(
                Enumerable.Range(0, spec.ShardCount()),
                layer.OrderBy(part => part.Part).SelectMany(part => Enumerable.Range(part.FirstShard, part.EndShard - part.FirstShard))));
        });
        var large = SpecSamples.Small(images: 1_281_167, shardImages: 600);
        Assert.All(JobPlan.For(large).Select(job => job.Command).OfType<GatherShards>(), part => Assert.InRange(
            part.EndShard - part.FirstShard, 1, 47));
        Assert.InRange(large.MergeParts().Count, 40, 47);
    }

    [Fact]
    public void Every_neuron_is_in_exactly_one_job_of_patches() => Specs.Where(spec => spec.NeedsScan()).Sample(spec =>
        Assert.Equal(
            Neurons(spec),
            JobPlan.For(spec).Select(job => job.Command).OfType<RenderPatches>()
                .SelectMany(job => Enumerable.Range(job.FirstChannel, job.EndChannel - job.FirstChannel).Select(c => (job.Layer, c)))));

    [Fact]
    public void Every_neuron_ascends_once_per_preset_and_seed()
        => Specs.Where(spec => spec.Methods.HasFlag(AtlasMethods.Ascent)).Sample(spec =>
    {
        var runs = JobPlan.For(spec).Select(job => job.Command).OfType<AscendNeurons>().GroupBy(job => (job.Preset, job.Seed)).ToList();
        Assert.Equal(spec.Ascent.Presets.Count * spec.Ascent.Seeds.Count, runs.Count);
        Assert.All(runs, run => Assert.Equal(
            Neurons(spec),
            run.SelectMany(job => Enumerable.Range(job.FirstChannel, job.EndChannel - job.FirstChannel).Select(c => (job.Layer, c)))));
    });

    [Fact]
    public void Every_layer_has_one_sheet_and_every_layer_with_weights_its_filters() => Specs.Sample(spec =>
    {
        var plan = JobPlan.For(spec);
        Assert.Equal(
            spec.Layers.Select(layer => layer.Index), plan.Select(job => job.Command).OfType<RenderSheet>().Select(job => job.Layer));
        var filters = spec.Methods.HasFlag(AtlasMethods.Filters) ? spec.Layers.Where(layer => layer.Kind == "conv"
            || (layer.Kind != "merge" && layer.Parameters > 0)) : [];
        Assert.Equal(
            filters.Select(layer => layer.Index), plan.Select(job => job.Command).OfType<RenderFilters>().Select(job => job.Layer));
    });

    [Fact]
    public void Payloads_keep_their_command_and_take_an_attempt() => Specs.Sample(spec =>
        Assert.All(JobPlan.For(spec), job =>
        {
            var read = new JobMessage(job.Group.Kind, JobMessage.Create(job.Command).Payload, 4).ReadCommand();
            Assert.Equal(4, read.Attempt);
            Assert.Equal(JobMessage.Create(job.Command).Payload, JobMessage.Create(read with { Attempt = 0 }).Payload);
        }));

    private static IEnumerable<(int Layer, int Channel)> Neurons(AtlasSpec spec)
        => spec.Layers.SelectMany(layer => Enumerable.Range(0, layer.Channels).Select(channel => (layer.Index, channel)));
}
