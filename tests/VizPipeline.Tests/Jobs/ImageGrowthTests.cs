using System.Text;
using CsCheck;
using VizPipeline.Jobs;
using VizPipeline.Methods.Search;

namespace VizPipeline.Tests.Jobs;

public sealed class ImageGrowthTests
{
    [Fact]
    public void Known_images_keep_their_numbers_and_new_ones_follow_in_the_order_of_the_list()
    {
        var stored = Spec(["b", "d"], "cat", "dog");
        string[] classes = ["ant", "cat", "dog"];
        var images = Join(stored, List("b:cat", "d:dog"), classes, ListOf(classes, "a:ant", "b:cat", "c:dog", "d:dog"));
        Assert.Equal(["b", "d", "a", "c"], images.List.Images.Select(image => image.Path));
        Assert.Equal(["cat", "dog", "ant"], images.Images.Classes);
        Assert.Equal([0, 1, 2, 1], images.List.Images.Select(image => image.Label));
        Assert.Equal((4, 2), (images.Images.Count, images.Added));
        Assert.Equal(ImageGrowth.Hash(images.List, images.Images.Classes), images.Images.ManifestHash);

        // In the order of the list, the result is the list itself.
        var same = Join(stored, List("b:cat", "d:dog"), ["cat", "dog"], List("b:cat", "d:dog", "e:cat"));
        Assert.Equal("asked", same.Images.ManifestHash);
        // Nothing is new in another order.
        var none = Join(stored, List("b:cat", "d:dog"), ["cat", "dog"], List("d:dog", "b:cat"));
        Assert.Equal((0, "cd"), (none.Added, none.Images.ManifestHash));
    }

    [Fact]
    public void Any_order_of_growth_keeps_every_image_once() => Gen.Select(
        Gen.Shuffle(Enumerable.Range(0, 30).ToArray()), Gen.Int[1, 10].Array[1, 4]).Sample((order, steps) =>
        {
            var (spec, list, count) = (Spec([], "cat", "dog"), new ImageList([]), 0);
            foreach (var step in steps)
            {
                count = Math.Min(30, count + step);
                var listed = new ImageList([.. order[..count].Order().Select(i => Entry($"{i:D2}", i % 2))]);
                var joined = ImageGrowth.TryJoin(spec, list, Ask(spec, ["cat", "dog"], listed), listed, out var fault)!;
                Assert.Equal("", fault);
                Assert.Equal(list.Images, joined.List.Images.Take(list.Images.Count));
                Assert.Equal(listed.Images.OrderBy(image => image.Path), joined.List.Images.OrderBy(image => image.Path));
                (spec, list) = (spec with { Images = joined.Images }, joined.List);
            }
        }, iter: 50);

    [Fact]
    public void What_is_missing_or_changed_is_named()
    {
        var (stored, known) = (Spec(["b", "d"], "cat", "dog"), List("b:cat", "d:dog"));
        Assert.Contains("its image 'b' is not among them", Fault(List("d:dog", "e:cat")), StringComparison.Ordinal);
        Assert.Contains("its image 'b' and 1 more are not among them", Fault(List("e:cat")), StringComparison.Ordinal);
        Assert.Contains(
            "its image 'd' has the class 'dog', and 'cat' in the list", Fault(List("b:cat", "d:cat")), StringComparison.Ordinal);
        Assert.Contains("image 'b' is listed twice", Fault(List("b:cat", "d:dog", "b:cat")), StringComparison.Ordinal);
        Assert.Contains("the label 2, and there are 2 classes", Fault(new([.. known.Images, Entry("e", 2)])), StringComparison.Ordinal);
        Assert.Contains(
            "its image 'd' has other content now", Fault(new([known.Images[0], known.Images[1] with { ContentHash = "other" }])),
            StringComparison.Ordinal);
        Assert.Equal("", Fault(List("b:cat", "d:dog", "e:cat")));
        // A list in the store that was written for images that the catalog never got counts as far as the catalog knows.
        Assert.NotNull(ImageGrowth.TryJoin(stored, List("b:cat", "d:dog", "x:cat"), Ask(stored, ["cat", "dog"], known), known, out _));
        Assert.Null(ImageGrowth.TryJoin(stored, List("b:cat"), Ask(stored, ["cat", "dog"], known), known, out _));

        string Fault(ImageList listed)
        {
            var joined = ImageGrowth.TryJoin(stored, known, Ask(stored, ["cat", "dog"], listed), listed, out var fault);
            Assert.Equal(fault.Length == 0, joined is not null);
            return fault;
        }
    }

    [Fact]
    public void Even_samples_and_other_meanings_of_classes_cannot_grow()
    {
        var small = SpecSamples.Small(images: 10) with { Keep = new KeepSpec(10) };
        Assert.Empty(Conflicts(small, 20));
        Assert.Contains("even steps", Assert.Single(Conflicts(small with { Keep = new KeepSpec(9) }, 20)), StringComparison.Ordinal);
        var large = SpecSamples.Small(images: AtlasSpec.ProfileImages + 1);
        Assert.Contains("even steps", Assert.Single(Conflicts(large, 1_000)), StringComparison.Ordinal);
        Assert.Equal(ProfileSample.Images, AtlasSpec.ProfileImages);
        Assert.Empty(Conflicts(small with { Keep = new KeepSpec(9), StableSamples = true }, 20));
        // As many classes as outputs are the outputs in their order; with one more they are not.
        var outputs = small with { Layers = [.. small.Layers.Select(layer => layer with { Height = 1, Width = 1 })] };
        Assert.Empty(Conflicts(outputs, 20));
        Assert.Contains("which output", Assert.Single(Conflicts(outputs, 20, "cat", "dog", "ant")), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_kept_of_all_images_is_kept_of_all_again_unless_it_no_longer_fits()
    {
        var all = SpecSamples.Small(images: 10) with { Keep = new KeepSpec(10) };
        Assert.Equal(20, Grow(all, 20, new KeepSpec(20)).Keep!.Images);
        Assert.Equal(20, Grow(all, 20, null).Keep!.Images);
        Assert.Equal(15, Grow(all, 20, new KeepSpec(15)).Keep!.Images);
        Assert.Equal(10, Grow(all, 20, new KeepSpec(3)).Keep!.Images);
        Assert.Equal(4, Grow(all with { Keep = new KeepSpec(4), StableSamples = true }, 20, new KeepSpec(20)).Keep!.Images);
        Assert.Null(Grow(all with { Keep = null }, 20, new KeepSpec(20)).Keep);
    }

    [Fact]
    public void An_atlas_without_added_images_has_the_spec_that_it_always_had()
    {
        var json = Encoding.UTF8.GetString(VizJson.Write(SpecSamples.Small()));
        Assert.DoesNotContain("added_images", json, StringComparison.Ordinal);
        Assert.DoesNotContain("stable_samples", json, StringComparison.Ordinal);
        var grown = Grow(SpecSamples.Small(images: 10), 20, null);
        Assert.Equal([new ImageAddition(10, 4, 0)], VizJson.Read<AtlasSpec>(VizJson.Write(grown)).AddedImages!);
        // What was computed does not depend on the order in which it was.
        Assert.Equal((grown with { AddedImages = null, StableSamples = false }).Hash(), grown.Hash());
        Assert.Equal(
            ["the additions of images have as many images as the atlas, 10, or more"],
            (SpecSamples.Small() with { AddedImages = [new ImageAddition(10, 1, 0)] }).Faults());
        Assert.Single((SpecSamples.Small() with { AddedImages = [new ImageAddition(1, 0, 0)] }).Faults());
        Assert.Single((SpecSamples.Small() with { AddedImages = [null!] }).Faults());
    }

    [Fact]
    public void Every_layer_is_searched_in_every_image_once_and_new_images_are_read_once_for_all_layers()
    {
        var spec = SpecSamples.Small(images: 10, shardImages: 4);
        string[] network = [.. spec.Layers.Select(layer => layer.Name), "more"];
        spec = spec with { Network = [.. network.Select(name => new NetworkLayer(name, []))] };
        var more = spec with { Layers = [SpecSamples.Layer(0, "more", "conv", 3)] };
        spec = AtlasGrowth.TryJoin(spec, more)!;
        var before = JobPlan.For(spec);
        var grown = Grow(spec, 13, null);
        Assert.Equal([(0, 4), (4, 8), (8, 10), (10, 13)], grown.Shards().Select(shard => (shard.First, shard.End)));
        Assert.Equal((4, 1), (grown.ShardCount(), grown.AddedImages![0].Pass));
        foreach (var layer in grown.Layers)
            Assert.Equal([0, 1, 2, 3], JobPlan.For(grown).Select(job => job.Command).OfType<ScanShard>()
                .Where(scan => grown.LayersOf(scan).Contains(layer)).Select(scan => scan.Shard));
        var plan = AtlasGrowth.Plan(spec, grown, before.Count);
        var added = Assert.IsType<ScanShard>(Assert.Single(plan.Added).Command);
        Assert.Equal((3, 10, 13, 1), (added.Shard, added.FirstImage, added.EndImage, added.Pass));
        Assert.Empty(plan.Redone);
        // Not the ascents and the filters, which no image changes.
        Assert.Equal(
            [JobKind.Merge, JobKind.Patches, JobKind.Sheet],
            plan.Renewed.Values.Select(command => JobKinds.Get(command).Kind).Distinct().Order());
        var first = grown.UpTo(10);
        Assert.Equal((10, 3, null), (first.Images.Count, first.ShardCount(), first.AddedImages));
        Assert.Same(grown, grown.UpTo(13));
        Assert.Equal("3 images (10 -> 13)", Assert.Single(AtlasGrowth.Describe(spec, grown)));
    }

    [Fact]
    public void Many_shards_of_an_addition_are_gathered_on_their_own()
    {
        var spec = SpecSamples.Small(images: 40, shardImages: 1);
        var grown = AtlasGrowth.TryJoin(spec, spec with { ShardImages = 2 }, Images(spec, 140, spec.Images.Classes))!;
        Assert.Equal(spec.MergeParts(), grown.MergeParts().Take(spec.MergeParts().Count));
        Assert.Equal(Enumerable.Range(0, 90), grown.MergeParts().SelectMany(
            part => Enumerable.Range(part.FirstShard, part.EndShard - part.FirstShard)));
        Assert.Equal(Enumerable.Range(0, grown.MergeParts().Count), grown.MergeParts().Select(part => part.Part));
        Assert.Equal(grown.MergeParts().Select(part => AtlasKeys.GatheredTally("sample", part.Part, "conv1")), grown.TallyKeys("conv1"));
        var plan = AtlasGrowth.Plan(spec, grown, 1_000);
        Assert.Equal([JobKind.Scan, JobKind.Gather], plan.Added.Select(job => job.Group.Kind).Distinct());
        Assert.Empty(plan.Redone);
        // A few shards more are merged without being gathered.
        var few = AtlasGrowth.TryJoin(spec, spec with { ShardImages = 100 }, Images(spec, 41, spec.Images.Classes))!;
        Assert.Equal([.. spec.TallyKeys("conv1"), AtlasKeys.ScanTally("sample", 40, "conv1")], few.TallyKeys("conv1"));
    }

    private static IReadOnlyList<string> Conflicts(AtlasSpec stored, int images, params string[] classes)
        => AtlasGrowth.FindConflicts(stored, stored, Images(stored, images, classes.Length == 0 ? stored.Images.Classes : classes));

    private static AtlasSpec Grow(AtlasSpec stored, int images, KeepSpec? keep)
        => AtlasGrowth.TryJoin(stored, stored with { Keep = keep }, Images(stored, images, stored.Images.Classes))!;

    private static JoinedImages Images(AtlasSpec stored, int count, IReadOnlyList<string> classes)
        => new(
            stored.Images with { Count = count, Classes = classes, ManifestHash = "more" }, new ImageList([]),
            count - stored.Images.Count);

    private static AtlasSpec Spec(string[] images, params string[] classes)
    {
        var spec = SpecSamples.Small();
        return spec with { Images = spec.Images with { Count = images.Length, Classes = classes } };
    }

    private static AtlasSpec Ask(AtlasSpec stored, string[] classes, ImageList listed)
        => stored with { Images = stored.Images with { Count = listed.Images.Count, Classes = classes, ManifestHash = "asked" } };

    private static JoinedImages Join(AtlasSpec stored, ImageList known, string[] classes, ImageList listed)
    {
        var joined = ImageGrowth.TryJoin(stored, known, Ask(stored, classes, listed), listed, out var fault);
        Assert.Equal("", fault);
        return joined!;
    }

    private static ImageList List(params string[] images) => ListOf(["cat", "dog"], images);

    private static ImageList ListOf(string[] classes, params string[] images) => new(
        [.. images.Select(image => Entry(image.Split(':')[0], Array.IndexOf(classes, image.Split(':')[1])))]);

    private static ImageEntry Entry(string path, int? label) => new(path, label, 100, $"hash of {path}");
}
