using System.Text.Json;
using CsCheck;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Jobs;

public sealed class AtlasGrowthTests
{
    private static readonly LayerSpec[] Chain =
        [.. Enumerable.Range(0, 5).Select(i => SpecSamples.Layer(i, $"conv{i}", i == 4 ? "output" : "conv", i + 1))];

    private static readonly Gen<AtlasSpec> Specs = Gen.Select(
        Some("conv0", "conv1", "conv2", "conv3", "conv4"), Gen.Int[1, 31], Some("1", "2", "3", "4"), Some("0", "7", "9")).Select(
        (layers, methods, presets, seeds) => Spec(layers) with
        {
            Methods = (AtlasMethods)methods | (methods < 16 ? AtlasMethods.None : AtlasMethods.Top9),
            FacetRecipe = methods < 16 ? null : SpecSamples.FacetRecipe(),
            Ascent = new AscentSpec { Presets = presets, Seeds = [.. seeds.Select(int.Parse)] },
        });

    [Fact]
    public void Growing_in_steps_gives_the_jobs_of_growing_at_once() => Specs.Array[2, 5].Sample(steps =>
    {
        var (spec, last) = (steps[0], (long)JobPlan.For(steps[0]).Count);
        var jobs = JobPlan.For(spec).Select(job => (job.Id, Key: Key(spec, job))).ToList();
        foreach (var asked in steps.Skip(1))
        {
            var joined = AtlasGrowth.TryJoin(spec, asked)!;
            var growth = AtlasGrowth.Plan(spec, joined, last);
            Assert.All(growth.Added, job => Assert.Equal(job.Id, job.Command.JobId));
            jobs.AddRange(growth.Added.Select(job => (job.Id, Key(joined, job))));
            (spec, last) = (joined, last + growth.Added.Count);
            // What was asked for before is in it, so it adds nothing.
            Assert.Empty(AtlasGrowth.Describe(spec, AtlasGrowth.TryJoin(spec, steps[0])!));
        }
        Assert.Equal(Enumerable.Range(1, jobs.Count).Select(id => (long)id), jobs.Select(job => job.Id));
        Assert.Equal(
            JobPlan.For(spec).Select(job => Key(spec, job)).Order(StringComparer.Ordinal),
            jobs.Select(job => job.Key).Order(StringComparer.Ordinal));
        AssertSame(Spec([.. spec.LayersInOrder().Select(layer => layer.Name)]) with
        {
            Methods = spec.Methods,
            Ascent = spec.Ascent,
            FacetRecipe = spec.FacetRecipe
        }, spec);
    }, iter: 200);

    [Fact]
    public void Facets_keep_their_recipe()
    {
        var stored = SpecSamples.WithFacets(Spec("conv1", "conv2"));
        var without = Spec("conv1", "conv3") with { Methods = AtlasMethods.Top9 };

        Assert.Equal(4, AtlasGrowth.TryJoin(stored, without)!.FacetRecipe!.Value.GetProperty("steps").GetInt32());
        Assert.Equal(4, AtlasGrowth.TryJoin(without, stored)!.FacetRecipe!.Value.GetProperty("steps").GetInt32());
        Assert.Contains("facets", AtlasGrowth.Describe(without, AtlasGrowth.TryJoin(without, stored)!));
        Assert.Contains(
            "the recipe of the facets' ascents",
            Assert.Single(AtlasGrowth.FindConflicts(stored, stored with { FacetRecipe = SpecSamples.FacetRecipe(5) })),
            StringComparison.Ordinal);
        Assert.NotEqual(stored.Hash(), (stored with { FacetRecipe = SpecSamples.FacetRecipe(5) }).Hash());
    }

    [Fact]
    public void Dictionaries_are_joined_in_any_order_and_one_that_is_not_named_again_stays_in_its_place()
    {
        AtlasSpec With(params string[] names) => Spec("conv1", "conv4") with
        {
            Dictionaries = [.. names.Select(name => new DictionarySpec
            {
                Layer = name.Split('@')[0], Name = name.Split('@')[1], Sha256 = new string(name[^1], 64),
            })],
            // conv0 .. conv4, each computed from the one before, and dictionaries after their layers.
            Network = [.. Place(names)],
        };
        IEnumerable<NetworkLayer> Place(string[] names)
        {
            IEnumerable<string> On(string layer) => names.Where(name => name.StartsWith(layer + "@", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal);
            List<string> all = [.. Chain.SkipLast(1).SelectMany(layer => On(layer.Name).Prepend(layer.Name)), .. On("conv4"), "conv4"];
            return all.Select(name => new NetworkLayer(name, name == "conv0" ? []
                : [all.IndexOf(name.Contains('@', StringComparison.Ordinal) ? name.Split('@')[0] : $"conv{name[4] - '1'}")]));
        }
        string[] names = ["conv1@a", "conv1@b", "conv3@c", "conv4@d", "conv4@e"];
        Gen.Shuffle(names).Sample(order =>
        {
            var spec = With(order[0]);
            foreach (var name in order[1..])
                spec = AtlasGrowth.TryJoin(spec, With(name))!;
            var whole = With(names);
            Assert.Equal(whole.Network!.Select(layer => layer.Name), spec.Network!.Select(layer => layer.Name));
            Assert.Equal(
                whole.Network!.Select(layer => string.Join(' ', layer.Inputs)),
                spec.Network!.Select(layer => string.Join(' ', layer.Inputs)));
            Assert.Equal(whole.Hash(), spec.Hash());
        }, iter: 50);
        Assert.Contains(
            "dictionary conv1@a, which has the name of another",
            string.Join(' ', AtlasGrowth.FindConflicts(With("conv1@a"), With("conv1@a") with
            {
                Dictionaries = [new DictionarySpec { Layer = "conv1", Name = "a", Sha256 = new string('f', 64) }],
            })), StringComparison.Ordinal);
    }

    [Fact]
    public void A_layer_that_was_taken_away_and_added_again_is_the_same_with_another_index()
    {
        var spec = Spec("conv0", "conv1", "conv2", "conv3", "conv4");
        var without = LayerChanges.Without(spec, ["conv1", "conv4"]);
        Assert.Equal([(0, "conv0", ""), (2, "conv2", "0"), (3, "conv3", "2")], without.Layers.Select(Describe));
        Assert.Empty(without.Faults());
        AssertSame(Spec("conv0", "conv2", "conv3"), without);
        Assert.Equal("conv3", without.GetLayer(3).Name);
        Assert.Null(without.FindLayer(1));
        // No other layer gets the index of one that is gone, under which something may still be known.
        var again = AtlasGrowth.TryJoin(without, Spec("conv1", "conv4"))!;
        Assert.Equal(
            [(0, "conv0", ""), (2, "conv2", "5"), (3, "conv3", "2"), (5, "conv1", "0"), (6, "conv4", "3")], again.Layers.Select(Describe));
        Assert.Equal(["layers conv1, conv4"], AtlasGrowth.Describe(without, again));
        AssertSame(spec, again);
        Assert.Equal(7, LayerChanges.Without(again, ["conv4"]).NextLayer);
        Assert.Same(spec, LayerChanges.Without(spec, ["other"]));

        static (int, string, string) Describe(LayerSpec layer) => (layer.Index, layer.Name, string.Join(' ', layer.Inputs!));
    }

    [Fact]
    public void New_layers_get_a_pass_of_their_own_and_only_links_are_found_again()
    {
        var spec = Spec("conv0", "conv3") with { Methods = AtlasMethods.All, Ascent = new AscentSpec { Presets = ["3"] } };
        var joined = AtlasGrowth.TryJoin(spec, Spec("conv2", "conv3") with { Methods = AtlasMethods.Top9 })!;
        Assert.Equal([("conv0", 0), ("conv3", 0), ("conv2", 1)], joined.Layers.Select(layer => (layer.Name, layer.Pass)));
        Assert.Equal(["conv0", "conv2", "conv3"], joined.LayersInOrder().Select(layer => layer.Name));
        Assert.Equal(["layer conv2"], AtlasGrowth.Describe(spec, joined));
        var growth = AtlasGrowth.Plan(spec, joined, 100);
        Assert.All(growth.Added, job => Assert.Equal(job.Command is ScanShard { Pass: 1 } ? null : 2, job.Group.Layer));
        Assert.Equal(
            [JobKind.Scan, JobKind.Merge, JobKind.Patches, JobKind.Ascent, JobKind.Filters, JobKind.Sheet],
            growth.Added.Select(job => job.Group.Kind).Distinct());
        Assert.Equal([new JobGroup(JobKind.Filters, 0), new JobGroup(JobKind.Filters, 1)], growth.Redone.OrderBy(group => group.Layer));
        Assert.True(WorkEstimate.OfKind(joined, JobKind.Scan) > WorkEstimate.OfKind(spec, JobKind.Scan));
    }

    [Fact]
    public void Only_what_shows_or_contains_the_new_is_made_again()
    {
        var spec = SpecSamples.Small() with { Methods = AtlasMethods.Top9 | AtlasMethods.Ascent };
        var recipe = spec with { Ascent = spec.Ascent with { Presets = ["1"] } };
        var joined = AtlasGrowth.TryJoin(spec, recipe)!;
        Assert.Equal(["3", "1"], joined.Ascent.Presets);
        Assert.Equal(["ascent recipe 1"], AtlasGrowth.Describe(spec, joined));
        var growth = AtlasGrowth.Plan(spec, joined, 100);
        Assert.All(growth.Added, job => Assert.Equal((JobKind.Ascent, "1"), (job.Group.Kind, ((AscendNeurons)job.Command).Preset)));
        Assert.Equal(spec.Layers.Select(layer => new JobGroup(JobKind.Sheet, layer.Index)), growth.Redone.OrderBy(group => group.Layer));

        var deconv = AtlasGrowth.TryJoin(spec, spec with { Methods = AtlasMethods.Deconv })!;
        Assert.Equal(["deconv"], AtlasGrowth.Describe(spec, deconv));
        Assert.Equal(AtlasMethods.Top9 | AtlasMethods.Deconv | AtlasMethods.Ascent, deconv.Methods);
        growth = AtlasGrowth.Plan(spec, deconv, 100);
        Assert.Empty(growth.Added);
        Assert.Equal([JobKind.Patches, JobKind.Sheet], growth.Redone.Select(group => group.Kind).Distinct().Order());
    }

    [Fact]
    public void What_changes_the_meaning_is_a_conflict()
    {
        var spec = SpecSamples.Small();
        Assert.Equal(["model"], Conflicts(spec with { Model = spec.Model with { ModelSha256 = "other" } }));
        Assert.Equal(["preprocessing"], Conflicts(spec with { Preprocessing = JsonSerializer.SerializeToElement(new { resize = 9 }) }));
        Assert.Empty(Conflicts(spec with { Layers = [spec.Layers[0]] }));
        Assert.Equal(["layers"], Conflicts(spec with { Layers = [spec.Layers[0] with { Channels = 6 }] }));
        // Where a new layer belongs is known only from the network.
        var more = spec with { Layers = [.. spec.Layers, SpecSamples.Layer(3, "more", "conv", 1)] };
        Assert.Equal(["layers"], Conflicts(more));
        Assert.Empty(Conflicts(more with { Network = [new NetworkLayer("more", [])] }));
        Assert.StartsWith("ascent steps", Assert.Single(Conflicts(spec with { Ascent = spec.Ascent with { Steps = 5 } })));
        // Without a pass over the images none are read, so none contradict those of the atlas.
        var images = spec.Images with { ManifestHash = "other" };
        Assert.Equal(["images"], Conflicts(spec with { Images = images }));
        Assert.Equal(spec.Images, AtlasGrowth.TryJoin(spec, spec with { Methods = AtlasMethods.Ascent, Images = images })!.Images);
        Assert.Empty(Conflicts(spec with { Methods = AtlasMethods.Top9, Ascent = spec.Ascent with { Steps = 5 } }));
        // A recipe of one name is one recipe.
        var (one, other) = (WithRecipe(128), WithRecipe(64));
        Assert.Empty(AtlasGrowth.FindConflicts(one, one));
        Assert.StartsWith("ascent steps", Assert.Single(AtlasGrowth.FindConflicts(one, other)));
        Assert.Null(AtlasGrowth.TryJoin(one, other));

        IReadOnlyList<string> Conflicts(AtlasSpec asked) => AtlasGrowth.FindConflicts(spec, asked);
        AtlasSpec WithRecipe(int steps) => spec with
        {
            Ascent = spec.Ascent with
            {
                Presets = ["mine"],
                Recipes = new Dictionary<string, JsonElement> { ["mine"] = JsonSerializer.SerializeToElement(new { steps }) },
            },
        };
    }

    private static AtlasSpec Spec(params string[] layers)
    {
        var spec = SpecSamples.Small() with
        {
            Layers = [.. Chain.Where(layer => layers.Contains(layer.Name)).Select((layer, i) => layer with { Index = i })],
            Network = [.. Chain.Select((layer, i) => new NetworkLayer(layer.Name, i == 0 ? [] : [i - 1]))],
        };
        // In a chain, a layer reads the observed one before it.
        return spec with { Layers = [.. spec.Layers.Select(layer => layer with { Inputs = layer.Index == 0 ? [] : [layer.Index - 1] })] };
    }

    // Layers are compared by their names, as their results are, and each is searched in each shard once.
    private static void AssertSame(AtlasSpec expected, AtlasSpec actual)
    {
        Assert.Equal(expected.Hash(), actual.Hash());
        Assert.Equal(Inputs(expected), Inputs(actual));
        Assert.Equal(Keys(expected), Keys(actual));

        static IEnumerable<string> Inputs(AtlasSpec spec) => spec.LayersInOrder().Select(
            layer => $"{layer.Name}: {string.Join(' ', layer.Inputs!.Select(input => spec.GetLayer(input).Name).Order())}");
        static IEnumerable<string> Keys(AtlasSpec spec) => JobPlan.For(spec).SelectMany(job => job.Command is ScanShard scan
            ? spec.Layers.Where(layer => layer.Pass == scan.Pass).Select(layer => AtlasKeys.ScanTally(spec.Id, scan.Shard, layer.Name))
            : [Key(spec, job)]).Order(StringComparer.Ordinal);
    }

    private static Gen<string[]> Some(params string[] names) =>
        Gen.Int[1, (1 << names.Length) - 1].Select(chosen => names.Where((_, i) => (chosen >> i & 1) == 1).ToArray());

    private static string Key(AtlasSpec spec, PlannedJob job) => JobKinds.Get(job.Group.Kind).GetResultKeyOf(spec, job.Command);
}
