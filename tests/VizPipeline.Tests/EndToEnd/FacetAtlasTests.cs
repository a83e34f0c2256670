using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Images;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>Facets from the command line to the files: found, drawn, exported, added later, verified, pruned and packed.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public sealed class FacetAtlasTests(SampleMaterial material)
{
    private const string Slug = "sample-network";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Facets_divide_the_top_list_and_an_atlas_that_gains_them_is_the_one_built_with_them()
    {
        var (once, grown) = (material.Out("facets-at-once"), material.Out("facets-later"));
        var plan = await RunAsync("facets", once, "--dry-run");
        Assert.Contains("top9, facets", plan, StringComparison.Ordinal);
        Assert.Matches("about .* on this machine .*facets", plan);
        await RunAsync("facets", once);

        await using (var catalog = new SqliteCatalogDatabase(Path.Combine(once, "atlas.db")).Open())
        {
            var atlas = (await catalog.FindAtlasAsync(Slug, Cancellation))!;
            var facets = await catalog.FacetsAsync(atlas.Id, Cancellation).ToListAsync(Cancellation);
            Assert.Equal(["conv3"], facets.Select(row => row.Layer.Name).Distinct());
            var patches = await catalog.PatchesAsync(atlas.Id, Cancellation).ToListAsync(Cancellation);
            foreach (var neuron in facets.GroupBy(row => row.Facet.Channel, row => row.Facet))
            {
                Assert.Equal(Enumerable.Range(1, neuron.Count()), neuron.Select(facet => facet.Number));
                Assert.Equal(1, neuron.Sum(facet => facet.Share), 1e-9);
                Assert.Equal(neuron.Select(facet => facet.Images).OrderDescending(), neuron.Select(facet => facet.Images));
                Assert.Equal(neuron.Count() > 1, neuron.First().Silhouette >= 0.15);
                // Every patch is in one facet, and the first facet of a patch of rank 1 begins with it.
                var own = patches.Where(row => row.Patch.LayerId == neuron.First().LayerId && row.Patch.Channel == neuron.Key).ToList();
                Assert.All(own, row => Assert.Single(neuron, facet => facet.ImageIndices.Contains(row.Patch.ImageIndex)));
                Assert.Contains(neuron, facet => facet.ImageIndices[0] == own[0].Patch.ImageIndex);
            }
            Assert.Contains(facets, row => row.Facet.Number > 1);
            var pictures = await catalog.Pictures.Where(picture => picture.Method == PictureMethod.Facets).ToListAsync(Cancellation);
            Assert.Equal(3 * facets.Count, pictures.Count);
            Assert.All(pictures.Where(picture => picture.Key is not null), picture => Assert.True(
                File.Exists(Path.Combine(once, AtlasKeys.PathInFolder(picture.Key!)))));
        }

        await RunAsync("top9", grown);
        Assert.Contains("New: facets. ", await RunAsync("facets", grown), StringComparison.Ordinal);
        await AssertSameAsync(once, grown);

        var refused = await VizProcess.Run(
            "run", "--model", material.Model, "--images", material.Images, "--limit", "60", "--layers", "conv3", "--methods", "facets",
            "--ascent-steps", "9", "--out", grown);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("the recipe of the facets' ascents", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Facets_are_verified_exported_pruned_and_packed()
    {
        var folder = material.Out("facets-whole-life");
        await RunAsync("facets", folder);
        var verified = await VizProcess.Run("verify", folder, "--quick");
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Error);
        Assert.Contains("facets, drawn again", verified.Output, StringComparison.Ordinal);

        var tables = material.Out("facet-tables");
        Assert.Equal(0, (await VizProcess.Run("export", folder, "--format", "jsonl", "--to", tables)).ExitCode);
        var rows = await File.ReadAllLinesAsync(Path.Combine(tables, "facets.jsonl"), Cancellation);
        using var row = JsonDocument.Parse(rows[0]);
        Assert.True(File.Exists(Path.Combine(folder, row.RootElement.GetProperty("patches_file").GetString()!)));
        Assert.True(row.RootElement.GetProperty("image_indices").GetArrayLength() == row.RootElement.GetProperty("images").GetInt32());

        var packed = material.Out("facets.viz.tar");
        var pack = await VizProcess.Run("pack", folder, "--to", packed);
        Assert.True(pack.ExitCode == 0, pack.Error);
        var unpacked = material.Out("facets-unpacked");
        Assert.Equal(0, (await VizProcess.Run("unpack", packed, "--to", unpacked)).ExitCode);
        Assert.False(Directory.Exists(Path.Combine(unpacked, "pictures", "conv3", "facets")));
        var whole = await VizProcess.Run(
            "verify", unpacked, "--quick", "--model", material.Model, "--images", material.Images);
        Assert.True(whole.ExitCode == 0, whole.Output + whole.Error);

        await using (var catalog = new SqliteCatalogDatabase(Path.Combine(folder, "atlas.db")).Open())
        {
            // Another image in the first facet is found out.
            var facet = await catalog.Facets.AsTracking().OrderBy(facet => facet.Channel).FirstAsync(Cancellation);
            facet.ImageIndices = [.. facet.ImageIndices.Skip(facet.ImageIndices.Length / 2)];
            await catalog.SaveChangesAsync(Cancellation);
        }
        var damaged = await VizProcess.Run("verify", folder, "--quick", "--neurons", "1000");
        Assert.Equal(1, damaged.ExitCode);
        Assert.Contains("in another facet", damaged.Output + damaged.Error, StringComparison.Ordinal);

        var pruned = await VizProcess.Run("prune", folder, "--method", "facets");
        Assert.True(pruned.ExitCode == 0, pruned.Error);
        Assert.False(Directory.Exists(Path.Combine(folder, "pictures", "conv3", "facets")));
    }

    [Fact]
    public async Task Facets_of_a_run_that_was_killed_again_and_again_are_those_of_an_undisturbed_one()
    {
        var (once, killed) = (material.Out("facets-undisturbed"), material.Out("facets-killed"));
        await RunAsync("facets", once);
        await RunAsync("top9", killed);
        var tables = Path.Combine(killed, "tables", "conv3");
        var pictures = Path.Combine(killed, "pictures", "conv3", "facets");
        int Progress() => Directory.Exists(pictures)
            ? Directory.EnumerateFiles(pictures).Count(file => !file.EndsWith(".tmp", StringComparison.Ordinal)) : 0;
        var all = Directory.EnumerateFiles(Path.Combine(once, "pictures", "conv3", "facets")).Count();
        for (var kill = 1; kill <= 3; kill++)
        {
            using var viz = VizProcess.Start(Arguments("facets", killed));
            // New pictures of this process: those of an earlier one are there already.
            var begun = DateTime.UtcNow;
            while (viz.IsRunning && (Progress() < all * kill / 5 || !Directory.EnumerateFiles(pictures).Any(
                file => File.GetLastWriteTimeUtc(file) > begun)))
                await Task.Delay(3, Cancellation);
            viz.Kill();
            await viz.Finish();
        }
        Assert.InRange(Progress(), 1, all);
        await using (var catalog = new SqliteCatalogDatabase(Path.Combine(killed, "atlas.db")).Open())
            Assert.Contains(await catalog.Jobs.ToListAsync(Cancellation), job => job is { Kind: JobKind.Facets, FinishedAt: null });
        await RunAsync("facets", killed);
        await AssertSameAsync(once, killed);
        Assert.Equal(Directory.EnumerateFiles(Path.Combine(once, "tables", "conv3")).Count(), Directory.EnumerateFiles(tables).Count());
    }

    [Fact]
    public async Task Only_facets_of_neurons_whose_top_images_changed_are_found_again_with_more_images()
    {
        var (once, grown) = (material.Out("facets-of-120"), material.Out("facets-of-more"));
        await RunAsync("facets", once, "--limit", "120");
        await RunAsync("facets", grown, "--limit", "118");
        var folder = Path.Combine(grown, "pictures", "conv3", "facets");
        var before = Directory.EnumerateFiles(folder).ToDictionary(file => file, File.GetLastWriteTimeUtc);
        Assert.Contains("New: 2 images (118 -> 120)", await RunAsync("facets", grown, "--limit", "120"), StringComparison.Ordinal);

        var (expected, actual) = (await FacetsAsync(once), await FacetsAsync(grown));
        Assert.Equal(expected, actual);
        var (files, others) = (new FinishedAtlas(once).Objects(), new FinishedAtlas(grown).Objects());
        string[] names = [.. files.Keys.Where(name => name.Contains("/facets/", StringComparison.Ordinal))];
        Assert.Equal(names, others.Keys.Where(name => name.Contains("/facets/", StringComparison.Ordinal)));
        // Ascents are made in other batches, which rounds otherwise.
        foreach (var name in names.Where(name => !name.Contains("ascent", StringComparison.Ordinal)))
            Assert.Equal(Png.Decode(files[name], name).Pixels, Png.Decode(others[name], name).Pixels);
        var stayed = before.Count(file => File.Exists(file.Key) && File.GetLastWriteTimeUtc(file.Key) == file.Value);
        Assert.InRange(stayed, 1, before.Count - 1);
        var verified = await VizProcess.Run("verify", grown, "--quick");
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Error);

        static async Task<List<string>> FacetsAsync(string folder)
        {
            await using var catalog = new SqliteCatalogDatabase(Path.Combine(folder, "atlas.db")).Open();
            var atlas = (await catalog.FindAtlasAsync(Slug, Cancellation))!;
            return [.. (await catalog.FacetsAsync(atlas.Id, Cancellation).ToListAsync(Cancellation)).Select(
                row => $"{row.Facet.Channel} {row.Facet.Number}: {string.Join(' ', row.Facet.ImageIndices)}")];
        }
    }

    private static async Task AssertSameAsync(string one, string other)
    {
        var (expected, actual) = (new FinishedAtlas(one), new FinishedAtlas(other));
        Assert.Equal(await expected.Rows(), await actual.Rows());
        var (files, others) = (expected.Objects(), actual.Objects());
        Assert.Equal(files.Keys, others.Keys);
        foreach (var (name, bytes) in files)
        {
            // Pictures name the spec that they were made for, so their pixels are compared.
            if (name.EndsWith(".png", StringComparison.Ordinal))
                Assert.Equal(Png.Decode(bytes, name).Pixels, Png.Decode(others[name], name).Pixels);
            else
                Assert.True(bytes.AsSpan().SequenceEqual(others[name]), $"{name} differs");
        }
    }

    private async Task<string> RunAsync(string methods, string folder, params string[] more)
    {
        var run = await VizProcess.Run(Arguments(methods, folder, more));
        Assert.True(run.ExitCode == 0, run.Error);
        return run.Output + run.Error;
    }

    private string[] Arguments(string methods, string folder, params string[] more) =>
    [
        "run", "--model", material.Model, "--images", material.Images, "--layers", "conv3", "--methods", methods, "--ascent-steps", "3",
        "--out", folder, .. more.Contains("--limit") ? more : ["--limit", "60", .. more],
    ];
}
