using CsCheck;
using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

/// <summary>Parts of a set follow from seed and paths, not from what else is there or in which order.</summary>
public sealed class ImageSelectionTests
{
    private static readonly string[] Paths = [.. Enumerable.Range(0, 600).Select(i => $"c{i % 6}/{i:D4}.png").Order(
        StringComparer.Ordinal)];

    private static string?[] Classes(IReadOnlyList<string> paths) => [.. paths.Select(path => path[0] == 'c' ? path[..2] : null)];

    [Fact]
    public void Per_class_takes_as_many_of_each_or_all_that_there_are()
    {
        var paths = Paths.Where(path => !path.StartsWith("c5/", StringComparison.Ordinal)).Append("c5/x.png").Append("none.png").ToArray();
        var chosen = Choose(new() { PerClass = 7 }, paths);
        Assert.Equal([7, 7, 7, 7, 7, 1], chosen.GroupBy(path => path[..2]).OrderBy(same => same.Key).Select(same => same.Count()));
        Assert.Equal(chosen.Order(StringComparer.Ordinal), chosen);
    }

    [Fact]
    public void A_draw_does_not_depend_on_the_order_and_another_seed_draws_others() =>
        Gen.Select(Gen.Int[0, 1000], Gen.Int[1, 200]).Sample((seed, count) =>
        {
            var random = new Random(seed);
            string[] shuffled = [.. Paths];
            random.Shuffle(shuffled);
            var selection = new ImageSelection { Sample = count, Seed = seed };
            var chosen = Choose(selection, Paths);
            Assert.Equal(count, chosen.Length);
            Assert.Equal(chosen, Choose(selection, shuffled).Order(StringComparer.Ordinal));
            // What is drawn from a part are those of the whole draw, and more.
            string[] half = [.. Paths.Where(_ => random.Next(2) == 0)];
            Assert.Subset(Choose(selection, half).ToHashSet(), chosen.Intersect(half).ToHashSet());
            if (count is > 20 and < 100)
                Assert.NotEqual(chosen, Choose(selection with { Seed = seed + 1 }, Paths));
        }, iter: 30);

    [Fact]
    public void A_draw_is_uniform()
    {
        var times = new int[Paths.Length];
        for (var seed = 0; seed < 600; seed++)
        {
            foreach (var i in new ImageSelection { Sample = 60, Seed = seed }.Choose("set", Paths, Classes(Paths)))
                times[i]++;
        }
        // Binomial(600, 0.1): mean 60, deviation 7.3.
        Assert.All(times, count => Assert.InRange(count, 60 - 37, 60 + 37));
        Assert.InRange(times.Select(count => Math.Pow(count - 60, 2)).Average(), 44, 66);
    }

    [Fact]
    public void Classes_are_chosen_by_the_sets_names_or_the_networks()
    {
        var names = new ClassNames([new(0, "c0", "tench"), new(1, "c1", "shark"), new(2, "c2", "tench")]);
        Assert.Equal(["c0", "c3"], Choose(new() { Classes = ["c3", "tench"] }, Paths, names).Select(path => path[..2]).Distinct());
        Assert.Equal(["c1/0001.png", "c1/0007.png"], Choose(new() { Classes = ["c1"], Limit = 2 }, Paths).AsEnumerable());
        Assert.Contains(
            "has no class 'c9'; it has c0, c1", Assert.Throws<ImageSetException>(() => Choose(new() { Classes = ["c9"] }, Paths)).Message);
        Assert.Contains("has no classes", Assert.Throws<ImageSetException>(() => Choose(new() { PerClass = 1 }, ["a.png"])).Message);
        Assert.Equal(
            "classes a, b; 3 of each class, seed 4; the first 5",
            new ImageSelection { Classes = ["a", "b"], PerClass = 3, Seed = 4, Limit = 5 }.ToString());
        Assert.Equal("", new ImageSelection().ToString());
    }

    private static string[] Choose(ImageSelection selection, string[] paths, ClassNames? names = null)
    {
        // The set's order is that of the paths as given here; indices are ascending in it.
        var chosen = selection.Choose("set", paths, Classes(paths), names);
        Assert.Equal(chosen.Order(), chosen);
        return [.. chosen.Select(i => paths[i])];
    }
}
