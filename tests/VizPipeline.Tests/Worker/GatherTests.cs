using VizPipeline.Jobs;
using VizPipeline.Methods.Search;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Cli.Verify;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Tests.Worker;

/// <summary>A layer's table does not depend on the number of shards, or on whether their tallies were gathered first.</summary>
public class GatherTests
{
    [Fact]
    public async Task Gathered_shards_give_the_table_that_few_shards_give()
    {
        using var few = await new SmallAtlas().Make();
        using var many = await new SmallAtlas { ShardImages = 1 }.Make();
        var (plan, spec) = (JobPlan.For(many.Plan().Spec), many.Plan().Spec);
        Assert.Equal(8 * spec.Layers.Count, plan.Count(job => job.Group.Kind == JobKind.Gather));

        foreach (var layer in spec.Layers)
        {
            var (expected, merged) = (await Table(few, layer), await Table(many, layer));
            Assert.Equal(expected.Patches.Select(Key), merged.Patches.Select(Key));
            foreach (var (one, other) in expected.Neurons.Zip(merged.Neurons))
            {
                Assert.Equal((one.Images, one.Dead, one.Channel), (other.Images, other.Dead, other.Channel));
                Assert.Equal(one.Histogram, other.Histogram);
                Assert.Equal(one.Mean!.Value, other.Mean!.Value, 1e-5);
                Assert.Equal(one.StandardDeviation!.Value, other.StandardDeviation!.Value, 1e-5);
                Assert.Equal(one.Q99!.Value, other.Q99!.Value, 1e-5);
            }
        }
    }

    [Fact]
    public async Task Profiles_are_the_same_images_for_all_layers_and_do_not_depend_on_shards()
    {
        using var few = await new SmallAtlas().Make();
        using var many = await new SmallAtlas { ShardImages = 1 }.Make();
        foreach (var layer in many.Plan().Spec.Layers)
        {
            var (expected, merged) = (await Profiles(few, layer), await Profiles(many, layer));
            Assert.Equal(layer.Channels, merged.Neurons);
            Assert.Equal(Enumerable.Range(0, 60), merged.Images);
            Assert.Equal(expected.Images, merged.Images);
            Assert.Equal(expected.Values, merged.Values, (one, other) => Math.Abs(one - other) < 1e-5);
            var rows = await Table(many, layer);
            Assert.All(rows.Patches, patch => Assert.Equal(patch.Activation, merged.Values[(patch.Channel * 60) + patch.Image]));
        }
    }

    [Fact]
    public async Task Tallies_from_before_there_were_profiles_give_profiles_without_images()
    {
        using var atlas = await new SmallAtlas().Make();
        var (store, spec) = (new FolderObjectStore(atlas.Path, AtlasKeys.Root("small")), atlas.Plan().Spec);
        var layer = spec.Layers[0];
        for (var shard = 0; shard < spec.ShardCount(); shard++)
        {
            var tally = new LayerTally(layer.Channels, exact: true, imageSet: 0);
            tally.Add(shard, null, new float[layer.Channels], new int[layer.Channels]);
            await store.PutAsync(AtlasKeys.ScanTally("small", shard, layer.Name), TallyFormat.Write(tally), Cancellation);
        }
        using var runtimes = atlas.Runtimes();
        var merge = JobPlan.For(spec).Select(job => job.Command).OfType<MergeLayer>().Single(command => command.Layer == 0);
        await new MergeLayerHandler(store)
            .RunAsync(await runtimes.OpenAsync(SmallAtlas.Cpu(), "small", Cancellation), merge, new Progress<int>(), Cancellation);

        var profiles = await Profiles(atlas, layer);
        Assert.Equal((layer.Channels, 0), (profiles.Neurons, profiles.Images.Length));
    }

    [Fact]
    public async Task An_activation_of_0_after_a_rectifier_is_no_example()
    {
        using var atlas = await new SmallAtlas().Make();
        var (store, plan) = (new FolderObjectStore(atlas.Path, AtlasKeys.Root("small")), atlas.Plan());
        var (layer, images) = (plan.Spec.Layers[0], plan.Images.Images.Select((image, i) => image with { Label = i % 2 }));
        await store.PutAsync(AtlasKeys.ImageList("small"), VizJson.Write(new ImageList([.. images])), Cancellation);
        for (var shard = 0; shard < plan.Spec.ShardCount(); shard++)
        {
            // Neuron 0 is silent, 1 is above 0 on image 25 only, the others on all ten images of each shard.
            var tally = new LayerTally(layer.Channels, exact: true, imageSet: 60);
            for (var image = shard * 25; image < (shard * 25) + 10; image++)
                tally.Add(image, image % 2, [0, image == 25 ? 3 : 0, 1, 2], new int[layer.Channels]);
            await store.PutAsync(AtlasKeys.ScanTally("small", shard, layer.Name), TallyFormat.Write(tally), Cancellation);
        }
        using var runtimes = atlas.Runtimes();
        var runtime = await runtimes.OpenAsync(SmallAtlas.Cpu(), "small", Cancellation);
        var merge = JobPlan.For(plan.Spec).Select(job => job.Command).OfType<MergeLayer>().Single(command => command.Layer == 0);
        var table = VizJson.Read<LayerTable>(
            await new MergeLayerHandler(store).RunAsync(runtime, merge, new Progress<int>(), Cancellation));

        Assert.Equal(
            [(true, 0, null, null, null), (false, 1, 1, 1.0, 1.0), (false, 30, 0, 5 / 9.0, 0.0), (false, 30, 0, 5 / 9.0, 0.0)],
            table.Neurons.Select(row => (row.Dead == true, row.ActiveImages!.Value, row.BestClass, row.TopPurity, row.ClassSelectivity)));
        Assert.Equal(
            [(1, 1), (2, 9), (3, 9)], table.Patches.GroupBy(patch => patch.Channel).Select(rows => (rows.Key, rows.Count())));
        Assert.All(table.Patches, patch => Assert.True(patch.Activation > 0));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // Activations from batches of another size differ in the last bits, so compare ranks instead of values.
    private static (int, int, int, int, int) Key(PatchRow patch) => (patch.Channel, patch.Rank, patch.Image, patch.Y, patch.X);

    private static async Task<ActivationProfiles> Profiles(SmallAtlas atlas, LayerSpec layer)
    {
        var key = AtlasKeys.LayerProfiles("small", layer.Name);
        return ActivationProfiles.Read(await new FolderObjectStore(atlas.Path, AtlasKeys.Root("small")).GetAsync(key), key);
    }

    private static async Task<LayerTable> Table(SmallAtlas atlas, LayerSpec layer)
    {
        var store = new FolderObjectStore(atlas.Path, AtlasKeys.Root("small"));
        return VizJson.Read<LayerTable>(await store.GetAsync(AtlasKeys.LayerTable("small", layer.Name)));
    }
}
