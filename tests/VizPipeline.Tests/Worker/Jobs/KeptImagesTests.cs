using VizPipeline.ActivationStore;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Cli.Verify;

namespace VizPipeline.Tests.Worker.Jobs;

/// <summary>What the workers keep is what the network computes: compared with the exact activations of profiles and patches.</summary>
public class KeptImagesTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(60, 25, true)]
    [InlineData(60, 1, true)]
    [InlineData(17, 25, true)]
    [InlineData(60, 25, false)]
    public async Task Kept_activations_are_those_of_the_pass(int images, int shard, bool hasPositions)
    {
        using var atlas = await new SmallAtlas { ShardImages = shard, Keep = new KeepSpec(images, hasPositions) }.Make();
        var store = new FolderObjectStore(atlas.Path, AtlasKeys.Root("small"));
        foreach (var layer in atlas.Plan().Spec.Layers)
        {
            var profiles = ActivationProfiles.Read(
                await store.GetAsync(AtlasKeys.LayerProfiles("small", layer.Name), _cancellation), "profiles");
            var table = VizJson.Read<LayerTable>(await store.GetAsync(AtlasKeys.LayerTable("small", layer.Name), _cancellation));
            var kept = (await KeptActivations.OpenAsync(store, "small", layer.Name, _cancellation))!;
            Assert.Equal(EvenSample.Select(60, images), Enumerable.Range(0, kept.Index.Rows).Select(kept.Index.ImageOf));
            for (var channel = 0; channel < layer.Channels; channel++)
            {
                var (values, positions) =
                    (await kept.ReadNeuronAsync(channel, _cancellation), await kept.ReadPositionsAsync(channel, _cancellation));
                Assert.Equal(hasPositions, positions is not null);
                for (var row = 0; row < values.Length; row++)
                    Assert.Equal((float)(Half)profiles.Values[(channel * 60) + kept.Index.ImageOf(row)], values[row]);
                foreach (var patch in table.Patches.Where(patch => patch.Channel == channel && kept.Index.RowOf(patch.Image) >= 0))
                {
                    if (positions is not null)
                        Assert.Equal(
                            (patch.Y, patch.X), Math.DivRem(positions[kept.Index.RowOf(patch.Image)], layer.Width));
                }
            }
        }
        Assert.DoesNotContain(
            Directory.EnumerateFiles(Path.Combine(atlas.Path, "scan"), "*", SearchOption.AllDirectories),
            file => file.EndsWith(".npy", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(25)]
    [InlineData(1)]
    public async Task The_top_list_is_the_sorted_list_of_exact_activations(int shard)
    {
        using var atlas = await new SmallAtlas { ShardImages = shard }.Make();
        var store = new FolderObjectStore(atlas.Path, AtlasKeys.Root("small"));
        foreach (var layer in atlas.Plan().Spec.Layers)
        {
            var profiles = ActivationProfiles.Read(
                await store.GetAsync(AtlasKeys.LayerProfiles("small", layer.Name), _cancellation), "profiles");
            var table = VizJson.Read<LayerTable>(await store.GetAsync(AtlasKeys.LayerTable("small", layer.Name), _cancellation));
            for (var channel = 0; channel < layer.Channels; channel++)
            {
                var list = (await TopList.ReadAsync(store, "small", layer.Name, TopList.Top, layer.Channels, channel, _cancellation))!;
                // All activations of this network are rectified, and 0 is no example of what excites a neuron.
                Assert.Equal(
                    profiles.Values.Skip(channel * 60).Take(60).Index().Where(entry => entry.Item > 0)
                        .OrderByDescending(entry => entry.Item).Select(entry => (entry.Index, entry.Item)),
                    list.Select(entry => (entry.Image, entry.Activation)));
                Assert.Equal(Enumerable.Range(1, list.Count), list.Select(entry => entry.Rank));
                foreach (var patch in table.Patches.Where(patch => patch.Channel == channel))
                {
                    var entry = list[patch.Rank - 1];
                    Assert.Equal(
                        (patch.Image, patch.Y, patch.X), (entry.Image, entry.Position / layer.Width, entry.Position % layer.Width));
                }
            }
        }
    }

    [Fact]
    public async Task Class_means_are_those_of_the_exact_activations()
    {
        using var atlas = await new SmallAtlas { Classes = 3 }.Make();
        var store = new FolderObjectStore(atlas.Path, AtlasKeys.Root("small"));
        var images = VizJson.Read<ImageList>(await store.GetAsync(AtlasKeys.ImageList("small"), _cancellation)).Images;
        foreach (var layer in atlas.Plan().Spec.Layers)
        {
            var profiles = ActivationProfiles.Read(
                await store.GetAsync(AtlasKeys.LayerProfiles("small", layer.Name), _cancellation), "profiles");
            for (var channel = 0; channel < layer.Channels; channel++)
            {
                var means = (await ClassMeans.ReadAsync(store, "small", layer.Name, layer.Channels, channel, _cancellation))!;
                Assert.Equal(images.Select(image => image.Label!.Value).Distinct().Order(), means.Select(row => row.Class));
                foreach (var row in means)
                {
                    float[] values = [.. Enumerable.Range(0, 60).Where(i => images[i].Label == row.Class)
                        .Select(i => profiles.Values[(channel * 60) + i])];
                    Assert.Equal(values.Length, row.Images);
                    Assert.Equal(values.Average(value => (double)value), row.Mean, 1e-6);
                }
            }
        }
    }

    [Fact]
    public async Task Nothing_is_kept_unless_the_spec_asks_for_it()
    {
        using var atlas = await new SmallAtlas().Make();
        Assert.False(Directory.Exists(Path.Combine(atlas.Path, "activations")));
    }

    [Fact]
    public void By_default_all_images_are_kept_while_they_fit_and_then_an_even_sample()
    {
        Assert.Equal(new KeepSpec(50_000), KeepSpec.Choose(50_000, 4_224, positions: false));
        Assert.Equal(422_400_000, KeepSpec.Choose(50_000, 4_224, positions: false).Bytes(4_224));
        var large = KeepSpec.Choose(1_281_167, 26_560, positions: false);
        Assert.Equal(80_854, large.Images);
        Assert.InRange(large.Bytes(26_560), KeepSpec.Budget * 0.99, KeepSpec.Budget);
        Assert.Equal(KeepSpec.LeastImages, KeepSpec.Choose(2_000, 100_000_000, positions: true).Images);
        Assert.Equal(100, KeepSpec.Choose(100, 100_000_000, positions: true).Images);
    }
}
