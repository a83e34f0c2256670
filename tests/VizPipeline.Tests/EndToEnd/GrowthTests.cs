using System.Text;
using System.Text.RegularExpressions;
using VizPipeline.Coordinator;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Network.Dictionaries;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Import;
using VizPipeline.Tests.Worker.Jobs;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>Atlases that grow: the same command with more layers, methods or recipes computes only what is new.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public sealed class GrowthTests(SampleMaterial material)
{
    [Fact]
    public async Task An_atlas_that_grew_is_the_one_built_at_once_and_remembers_how()
    {
        var (once, grown) = (material.Out("at-once"), material.Out("grown"));
        await RunAsync("top9,deconv,ascent", "1,3", once);

        await RunAsync("top9", "3", grown);
        var scanned = File.GetLastWriteTimeUtc(Path.Combine(grown, "tables", "conv1", "neurons.json"));
        var plan = await RunAsync("deconv,ascent", "1", grown, "--dry-run");
        Assert.StartsWith("New: deconv; ascent. ", plan, StringComparison.Ordinal);
        Assert.Contains("Growing atlas 'sample-network'", await RunAsync("deconv,ascent", "1", grown), StringComparison.Ordinal);
        Assert.Contains("New: ascent recipe 3. ", await RunAsync("ascent", "3", grown), StringComparison.Ordinal);
        Assert.Contains("Already complete", await RunAsync("top9", "3", grown), StringComparison.Ordinal);
        Assert.StartsWith(
            "Atlas 'sample-network' has all of this already", await RunAsync("ascent", "3", grown, "--dry-run"), StringComparison.Ordinal);

        Assert.Equal(scanned, File.GetLastWriteTimeUtc(Path.Combine(grown, "tables", "conv1", "neurons.json")));
        var (expected, actual) = (new FinishedAtlas(once), new FinishedAtlas(grown));
        Assert.Equal(await expected.Rows(), await actual.Rows());
        var (one, other) = (expected.Objects(), actual.Objects());
        Assert.Equal(one.Keys, other.Keys);
        foreach (var (name, bytes) in one)
        {
            // Pictures name the spec that they were made for, so their pixels are compared.
            if (name.EndsWith(".png", StringComparison.Ordinal))
                Assert.Equal(Png.Decode(bytes, name).Pixels, Png.Decode(other[name], name).Pixels);
            else
                Assert.True(bytes.AsSpan().SequenceEqual(other[name]), $"{name} differs");
        }
        var manifest = VizJson.Read<AtlasManifest>(await File.ReadAllBytesAsync(
            Path.Combine(grown, "manifest.json"), TestContext.Current.CancellationToken));
        Assert.Equal(
            [AtlasMethods.Top9, AtlasMethods.Top9 | AtlasMethods.Deconv | AtlasMethods.Ascent],
            manifest.Revisions.Select(revision => revision.Methods));
        Assert.All(manifest.Revisions, revision => Assert.Equal("run", revision.Command![0]));
        var verified = await VizProcess.Run("verify", grown, "--quick");
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Error);

        var refused = await VizProcess.Run(
            "run", "--model", material.Model, "--images", material.Images, "--limit", "12", "--layers", "conv1,logits", "--out", grown);
        Assert.Equal(2, refused.ExitCode);
        Assert.Matches("with other images: its image '[^']+' and 11 more are not among them", refused.Error);
    }

    [Fact]
    public async Task An_atlas_that_grew_by_images_and_layers_with_kills_is_the_one_built_at_once()
    {
        var (folder, grown) = (material.Out("more-images"), new FinishedAtlas(material.Out("more-images")));
        var first = await FinishImagesAsync(folder, 10, "conv1,logits");
        Assert.Contains("over 10 images", first, StringComparison.Ordinal);
        var plan = await FinishImagesAsync(folder, 24, "conv3", "--dry-run");
        Assert.StartsWith("New: 14 images (10 -> 24); layer conv3. ", plan, StringComparison.Ordinal);
        Assert.Matches("but for the pictures of neurons whose top 9 changes \\(of [0-9]+ neurons at most\\)", plan);
        for (var (kill, begun) = (0, grown.Progress()); kill < 2; kill++)
        {
            using var viz = StartImages(folder, 24, "conv3");
            while (viz.IsRunning && grown.Progress() < begun + 10 + (kill * 15))
                await Task.Delay(3, TestContext.Current.CancellationToken);
            viz.Kill();
            await viz.Finish();
        }
        await FinishImagesAsync(folder, 24, "conv3");
        await FinishImagesAsync(folder, 30, "conv1");
        Assert.Contains("Already complete", await FinishImagesAsync(folder, 30, "conv1"), StringComparison.Ordinal);
        var once = new FinishedAtlas(material.Out("images-at-once"));
        await FinishImagesAsync(material.Out("images-at-once"), 30, "conv1,conv3,logits");

        // Layers have numbers in the order in which they came.
        static string Text(List<string> rows) => Regex.Replace(string.Join('\n', rows), "\"LayerId\":[0-9]+", "");
        SameNumbers.Assert(Text(await once.Rows()), Text(await grown.Rows()), absolute: 1e-6);
        var (one, other) = (once.Objects(), grown.Objects());
        foreach (var (name, bytes) in one.Where(entry => entry.Key.EndsWith(".png", StringComparison.Ordinal)))
        {
            // Deconvolutions of other neurons at the same time round differently, by a grey level here and there.
            Assert.InRange(Png.Decode(bytes, name).Pixels.Zip(Png.Decode(other[name], name).Pixels).Max(
                pair => Math.Abs(pair.First - pair.Second)), 0, 2);
        }
        var manifest = await ReadManifestAsync(folder);
        Assert.Equal([10, 24], manifest.Revisions.Select(revision => revision.Images ?? 0));
        var verified = await VizProcess.Run("verify", folder, "--quick");
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Error);
    }

    [Fact]
    public async Task More_images_redraw_only_ascents_that_read_the_images_and_the_plan_counts_them()
    {
        var folder = material.Out("more-images-of-maco");
        string[] ascents =
            ["--methods", "top9,ascent", "--ascent-presets", "3,fourier,maco", "--ascent-steps", "2", "--ascent-seeds", "0,1"];
        await FinishImagesAsync(folder, 40, "conv1", ascents);
        var pictures = Path.Combine(folder, "pictures", "conv1", "ascent");
        var before = Directory.EnumerateFiles(pictures).ToDictionary(file => Path.GetFileName(file), File.GetLastWriteTimeUtc);
        var maco = before.Keys.Count(name => name.Contains("maco", StringComparison.Ordinal));
        Assert.InRange(maco, 2, before.Count / 3);

        var plan = await FinishImagesAsync(folder, 42, "conv1", [.. ascents, "--dry-run"]);
        Assert.Contains($", all {maco} ascents with maco, whose input is the mean spectrum of the images", plan, StringComparison.Ordinal);
        await FinishImagesAsync(folder, 42, "conv1", ascents);

        var redrawn = before.Where(file => File.GetLastWriteTimeUtc(Path.Combine(pictures, file.Key)) != file.Value)
            .Select(file => file.Key);
        Assert.Equal(
            before.Keys.Where(name => name.Contains("maco", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            redrawn.Order(StringComparer.Ordinal));
        Assert.Contains("Already complete", await FinishImagesAsync(folder, 42, "conv1", ascents), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_atlas_without_a_pass_over_images_gains_one()
    {
        var (once, grown) = (material.Out("with-images"), material.Out("images-later"));
        await RunAsync("top9,ascent", "3", once);
        await RunAsync("ascent", "3", grown);
        Assert.Contains("New: top9. ", await RunAsync("top9", "3", grown), StringComparison.Ordinal);
        Assert.Equal(await new FinishedAtlas(once).Rows(), await new FinishedAtlas(grown).Rows());
    }

    [Fact]
    public async Task An_atlas_that_grew_by_layers_with_kills_is_the_one_built_at_once()
    {
        var (once, grown) = (new FinishedAtlas(material.Out("all-layers")), new FinishedAtlas(material.Out("more-layers")));
        await FinishAsync(material.Out("all-layers"), "conv1,conv2,conv3,logits", "all");
        await FinishAsync(material.Out("more-layers"), "conv3", "top9,filters");
        Assert.StartsWith(
            "New: layers conv1, conv2, logits; deconv; ascent. ",
            await FinishAsync(material.Out("more-layers"), "conv1,conv2,logits", "all", "--dry-run"), StringComparison.Ordinal);

        var begun = grown.Progress();
        for (var kill = 0; kill < 3; kill++)
        {
            using var viz = Start(material.Out("more-layers"), "logits,conv1", "all");
            while (viz.IsRunning && grown.Progress() < begun + (kill * 20))
                await Task.Delay(3, TestContext.Current.CancellationToken);
            viz.Kill();
            await viz.Finish();
        }
        await FinishAsync(material.Out("more-layers"), "conv1,logits", "all");
        await FinishAsync(material.Out("more-layers"), "conv2", "filters");
        await AssertSameAsync(once, grown);
        var manifest = await ReadManifestAsync(material.Out("more-layers"));
        Assert.Equal(["conv3", "conv1 conv3 logits"], manifest.Revisions.Select(revision => string.Join(' ', revision.Layers!)));

        var pruned = await VizProcess.Run("prune", material.Out("more-layers"), "--layer", "conv3", "--layer", "logits");
        Assert.True(pruned.ExitCode == 0, pruned.Error);
        Assert.DoesNotContain(grown.Objects().Keys, name => Regex.IsMatch(name, "conv3|logits"));
        manifest = await ReadManifestAsync(material.Out("more-layers"));
        Assert.Equal(["layer conv3", "layer logits"], manifest.Pruned!.Select(part => part.Part));
        Assert.Contains(
            "New: layers conv3, logits. ", await FinishAsync(material.Out("more-layers"), "conv3,logits", "all"),
            StringComparison.Ordinal);
        await AssertSameAsync(once, grown);
        manifest = await ReadManifestAsync(material.Out("more-layers"));
        Assert.Null(manifest.Pruned);
        Assert.Equal("conv1 conv2", string.Join(' ', manifest.Revisions[^1].Layers!));
        var verified = await VizProcess.Run("verify", material.Out("more-layers"), "--quick");
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Error);
    }

    [Fact]
    public async Task An_atlas_that_gained_dictionaries_is_the_one_built_with_them()
    {
        var (once, grown) = (new FinishedAtlas(material.Out("with-dictionaries")), new FinishedAtlas(material.Out("more-dictionaries")));
        var (file, other) = (material.Out("sae.safetensors"), material.Out("other.safetensors"));
        var channels = NetworkLoader.Load(material.Model).Layer("conv2").Neurons;
        WriteDictionary(file, channels, seed: 1);
        WriteDictionary(other, channels, seed: 2);
        string[] both = ["--dictionary", $"conv2={file}", "--dictionary", "conv2=pca:3,name=main"];
        await FinishAsync(material.Out("with-dictionaries"), "conv1,logits", "all", both);

        await FinishAsync(material.Out("more-dictionaries"), "logits", "all");
        Assert.Contains(
            "New: layer conv2@sae. ",
            await FinishAsync(material.Out("more-dictionaries"), "logits", "all", both[..2]), StringComparison.Ordinal);
        Assert.Contains(
            "New: layers conv1, conv2@main. ",
            await FinishAsync(material.Out("more-dictionaries"), "conv1", "all", both[2..]), StringComparison.Ordinal);
        await AssertSameAsync(once, grown);
        Assert.Contains(
            "Already complete", await FinishAsync(material.Out("more-dictionaries"), "conv1", "all"), StringComparison.Ordinal);
        var verified = await VizProcess.Run("verify", material.Out("more-dictionaries"));
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Error);

        // It is shared as a whole, and a layer that goes takes its dictionary with it.
        var (pack, unpacked) = (material.Out("dictionaries.vizatlas"), material.Out("unpacked-dictionaries"));
        foreach (var command in (string[][])[
            ["pack", material.Out("more-dictionaries"), "--to", pack, "--with-sources"], ["unpack", pack, "--to", unpacked],
            ["verify", unpacked, "--quick", "--model", material.Model, "--images", material.Images]])
        {
            var done = await VizProcess.Run(command);
            Assert.True(done.ExitCode == 0, done.Output + done.Error);
        }
        var files = grown.Objects().Keys.Where(name => name.StartsWith("dictionaries/", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, files.Count);
        var pruned = await VizProcess.Run("prune", unpacked, "--layer", "conv2@sae");
        Assert.True(pruned.ExitCode == 0, pruned.Error);
        var left = new FinishedAtlas(unpacked).Objects().Keys;
        Assert.DoesNotContain(left, name => name.Contains("-40sae", StringComparison.Ordinal));
        Assert.Single(left, name => name.StartsWith("dictionaries/", StringComparison.Ordinal));
        verified = await VizProcess.Run(
            "verify", unpacked, "--quick", "--model", material.Model, "--images", material.Images);
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Error);

        // What the pass over the images says is what a pass for this purpose says.
        var facts = VizJson.Read<DictionaryFacts>(grown.Objects()["tables/conv2-40sae/reconstruction.json"]);
        var check = await VizProcess.Run(
            "dictionary", "check", "--model", material.Model, "--images", material.Images, "--limit", "24", "--dictionary",
            $"conv2={file}");
        Assert.Contains(
            $"TopK 2 of 10 features: {facts.Describe()}, over {facts.Places:N0} places", check.Output, StringComparison.Ordinal);
        Assert.InRange(facts.L0, 0.1, 2);

        using var refused = Start(material.Out("more-dictionaries"), "logits", "all", "--dictionary", $"conv2={other},name=sae");
        var answer = await refused.Finish();
        Assert.Equal(2, answer.ExitCode);
        Assert.Contains("dictionary conv2@sae, which has the name of another", answer.Error, StringComparison.Ordinal);
        Assert.Equal(files, grown.Objects().Keys.Where(name => name.StartsWith("dictionaries/", StringComparison.Ordinal)));
    }

    private static void WriteDictionary(string file, int channels, int seed)
    {
        var random = new Random(seed);
        FloatTensor Table(string name, int rows, int columns) => new(
            name, [rows, columns], [.. Enumerable.Range(0, rows * columns).Select(_ => (float)(random.NextDouble() - 0.5))]);
        DictionaryFile.Write(file, new FeatureDictionary
        {
            Encoder = Table("W_enc", 10, channels),
            Decoder = Table("W_dec", 10, channels),
            Activation = DictionaryActivation.TopK,
            Count = 2,
        });
    }

    // But for the numbers of the layers and the record of the passes.
    private static async Task AssertSameAsync(FinishedAtlas expected, FinishedAtlas actual)
    {
        Assert.Equal((await expected.Rows()).Select(WithoutNumbers), (await actual.Rows()).Select(WithoutNumbers));
        var (one, other) = (Compared(expected), Compared(actual));
        Assert.Equal(one.Keys, other.Keys);
        foreach (var (name, bytes) in one)
        {
            if (name.EndsWith(".png", StringComparison.Ordinal))
                Assert.Equal(Png.Decode(bytes, name).Pixels, Png.Decode(other[name], name).Pixels);
            else if (name.EndsWith(".json", StringComparison.Ordinal))
                Assert.Equal(WithoutNumbers(Encoding.UTF8.GetString(bytes)), WithoutNumbers(Encoding.UTF8.GetString(other[name])));
            else
                Assert.True(bytes.AsSpan().SequenceEqual(other[name]), $"{name} differs");
        }

        static SortedDictionary<string, byte[]> Compared(FinishedAtlas atlas) => new(
            atlas.Objects().Where(entry => !Regex.IsMatch(entry.Key, "^spec.json$|^scan/[^/]*$")).ToDictionary(), StringComparer.Ordinal);
        static string WithoutNumbers(string json) => Regex.Replace(json, "\"(layer|LayerId)\":[0-9]+", "\"$1\":0");
    }

    private static async Task<AtlasManifest> ReadManifestAsync(string folder) => VizJson.Read<AtlasManifest>(
        await File.ReadAllBytesAsync(Path.Combine(folder, "manifest.json"), TestContext.Current.CancellationToken));

    // Image by image: kernels for other numbers of images round differently in the last digits.
    private VizProcess StartImages(string folder, int images, string layers, params string[] options) => VizProcess.Start([
        "run", "--model", material.Model, "--images", material.Images, "--limit", $"{images}", "--layers", layers,
        .. options.Contains("--methods") ? options : ["--methods", "top9,deconv", .. options], "--batch", "1", "--out", folder]);

    private async Task<string> FinishImagesAsync(string folder, int images, string layers, params string[] options)
    {
        using var viz = StartImages(folder, images, layers, options);
        var run = await viz.Finish();
        Assert.True(run.ExitCode == 0, run.Error);
        return run.Output;
    }

    private VizProcess Start(string folder, string layers, string methods, params string[] options) => VizProcess.Start([
        "run", "--model", material.Model, "--images", material.Images, "--limit", "24", "--layers", layers, "--methods",
        methods == "all" ? "top9,deconv,ascent,filters" : methods, "--ascent-presets", "3", "--ascent-steps", "3", "--out", folder,
        .. options]);

    private async Task<string> FinishAsync(string folder, string layers, string methods, params string[] options)
    {
        using var viz = Start(folder, layers, methods, options);
        var run = await viz.Finish();
        Assert.True(run.ExitCode == 0, run.Error);
        return run.Output;
    }

    private async Task<string> RunAsync(string methods, string presets, string folder, params string[] options)
    {
        var run = await VizProcess.Run([
            "run", "--model", material.Model, "--images", material.Images, "--limit", "24", "--layers", "conv1,logits",
            "--methods", methods, "--ascent-presets", presets, "--ascent-steps", "3", "--out", folder, .. options]);
        Assert.True(run.ExitCode == 0, run.Error);
        return run.Output;
    }
}
