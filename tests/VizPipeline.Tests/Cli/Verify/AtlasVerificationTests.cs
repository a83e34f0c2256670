using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Cli.Verify;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Tests.Cli.Verify;

public sealed class AtlasVerificationTests : IDisposable
{
    private readonly SmallAtlas _atlas = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _atlas.Dispose();

    [Fact]
    public async Task A_right_atlas_has_no_findings()
    {
        await _atlas.Make();

        var result = await VerifyAsync();

        Assert.Empty(result.Findings);
        await using var catalog = _atlas.Database.Open();
        var active = await catalog.Neurons.Select(neuron => neuron.ActiveImages!.Value).ToListAsync(_cancellation);
        Assert.Equal((14, active.Sum(images => Math.Min(9, images))), (result.Neurons, result.Patches));
        Assert.Contains(0, active); // Silent neurons have no patches.
        Assert.Equal((60, true), (result.Images, result.HasStatistics));
        Assert.InRange(result.Redrawn, 2 * active.Count(images => images > 0), 28);
        Assert.True(result.Pictures >= 28);
        Assert.Contains(result.Describe(), line => line.StartsWith("not checked: SHA-256", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_activation_position_or_box_is_found()
    {
        await _atlas.Make();
        await ChangeAsync(1, 1, 2, patch => patch.Activation *= 1.003f);
        await ChangeAsync(1, 2, 3, patch => patch.X = (patch.X + 5) % 12);
        await ChangeAsync(2, 1, 1, patch => patch.X0++);
        await ChangeAsync(2, 2, 1, patch => (patch.ClippedX0, patch.ClippedX1) = (patch.ClippedX1 - 1, patch.ClippedX1));

        var findings = (await VerifyAsync()).Findings;

        Assert.Contains(findings, line => line.Contains("neuron 1 rank 2") && line.Contains("computed again"));
        Assert.Contains(findings, line => line.Contains("neuron 2 rank 3") && line.Contains("but the maximum is"));
        Assert.Contains(findings, line => line.Contains("neuron 1 rank 1: its box is not the receptive field"));
        Assert.Contains(findings, line => line.Contains("neuron 2 rank 1") && line.Contains("pixels outside its box"));
    }

    [Fact]
    public async Task A_better_image_that_is_not_listed_is_found()
    {
        await _atlas.Make();
        await using (var catalog = _atlas.Database.Open())
        {
            var best = (await catalog.Patches.SingleAsync(p => p.LayerId == 1 && p.Channel == 0 && p.Rank == 1, _cancellation)).ImageIndex;
            var listed = await catalog.Patches.Where(p => p.LayerId == 1 && p.Channel == 0).Select(p => p.ImageIndex)
                .ToListAsync(_cancellation);
            await ChangeAsync(1, 0, 1, patch => patch.ImageIndex = Enumerable.Range(0, 60).Except(listed).First());
            // Only an image of another neuron's patches is certain to be among those that are computed again.
            var other = await catalog.Patches.Where(p => p.LayerId == 1 && p.Channel != 0 && p.Rank == 9).FirstAsync(_cancellation);
            await ChangeAsync(1, other.Channel, 9, patch => patch.ImageIndex = best);
        }

        Assert.Contains((await VerifyAsync()).Findings, line => line.Contains("neuron 0: ") && line.Contains("more than its rank 9"));
    }

    [Fact]
    public async Task Missing_and_damaged_pictures_and_changed_files_are_found()
    {
        await _atlas.Make();
        var pictures = Directory.GetFiles(Path.Combine(_atlas.Path, "pictures"), "*.png", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal).ToArray();
        File.Delete(pictures[0]);
        await File.WriteAllBytesAsync(pictures[1], (await File.ReadAllBytesAsync(pictures[1], _cancellation))[..^40], _cancellation);
        await File.AppendAllTextAsync(Path.Combine(_atlas.ImageFolder, "0007.png"), "more", _cancellation);

        var findings = (await VerifyAsync()).Findings;

        Assert.Contains(
            findings,
            line => line.StartsWith("picture atlases/small/pictures/", StringComparison.Ordinal)
            && line.EndsWith(": missing", StringComparison.Ordinal));
        Assert.Contains(findings, line => line.EndsWith(": the file ends before the picture does", StringComparison.Ordinal));
        Assert.Contains("image 0007.png: the file has changed since the image set was listed", findings);
        Assert.Equal(3, findings.Count);
    }

    [Fact]
    public async Task A_moved_model_or_image_folder_is_named_and_can_be_given()
    {
        await _atlas.Make();
        var (model, images) = (_atlas.ModelFile + ".moved", _atlas.ImageFolder + ".moved");
        File.Move(_atlas.ModelFile, model);
        Assert.Contains("--model", (await Assert.ThrowsAsync<UsageException>(() => VerifyAsync())).Message);

        Directory.Move(_atlas.ImageFolder, images);
        Assert.Contains("--images", (await Assert.ThrowsAsync<UsageException>(() => VerifyAsync(new VerifyOptions
        {
            Model = model,
        }))).Message);

        Assert.Empty((await VerifyAsync(new VerifyOptions { Model = model, Images = images })).Findings);
        Directory.Move(images, _atlas.ImageFolder);
    }

    [Fact]
    public async Task A_quick_verification_leaves_images_out_and_says_that_statistics_are_not_compared()
    {
        await _atlas.Make();

        var result = await VerifyAsync(new VerifyOptions { IsQuick = true, Neurons = 2 });

        Assert.Empty(result.Findings);
        Assert.InRange(result.Images, 33, 59);
        Assert.Contains(result.Describe(), line => line.StartsWith("not checked: its statistics", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Every_statistic_that_is_wrong_is_named(int classes)
    {
        using var small = new SmallAtlas { Classes = classes };
        await small.Make();
        Assert.Empty((await VerifyAsync(small)).Findings);
        // Of an unlabelled set, statistics about classes are none; there they become some.
        await using (var catalog = small.Database.Open())
        {
            var neuron = await catalog.Neurons.AsTracking().SingleAsync(n => n.LayerId == 1 && n.Channel == 1, _cancellation);
            foreach (var statistic in NeuronFacts.Statistics)
                statistic.Property.SetValue(neuron, Other(statistic.Property.PropertyType, statistic.Read(neuron)));
            await catalog.SaveChangesAsync(_cancellation);
        }

        var findings = (await VerifyAsync(small)).Findings;

        Assert.All(NeuronFacts.Statistics, statistic => Assert.Contains(
            findings, line => line.Contains($"neuron 1: {statistic.Column} ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Means_deviations_and_quantiles_that_are_a_little_wrong_everywhere_are_named()
    {
        await _atlas.Make();
        await using (var catalog = _atlas.Database.Open())
        {
            await catalog.Neurons.ExecuteUpdateAsync(
                neurons => neurons.SetProperty(n => n.Mean, n => (n.Mean * 1.01) + 0.001).SetProperty(n => n.StandardDeviation, 1)
                    .SetProperty(n => n.Q99, n => (n.Q99 * 1.01) + 0.001),
                _cancellation);
        }

        var findings = (await VerifyAsync()).Findings;

        foreach (var name in new[] { "mean", "standard_deviation", "q99" })
            Assert.Equal(14, findings.Count(line => line.Contains($": {name} ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_statistic_of_a_neuron_outside_the_sample_is_compared_with_the_table_of_its_merge()
    {
        await _atlas.Make();
        await using (var catalog = _atlas.Database.Open())
            await catalog.Neurons.ExecuteUpdateAsync(neurons => neurons.SetProperty(n => n.Mean, n => n.Mean + 1e-9), _cancellation);

        var result = await VerifyAsync(new VerifyOptions { Neurons = 1, IsQuick = true });

        Assert.Equal(14, result.InTables);
        Assert.Equal(3, result.Findings.Count);
        Assert.Contains(
            "first: 4 neurons differ from the table of its merge, first neuron 0 in mean", result.Findings);
    }

    [Theory]
    [InlineData("deconv")]
    [InlineData("top9")]
    public async Task A_picture_that_shows_another_neuron_is_found(string method)
    {
        await _atlas.Make();
        var pictures = Directory.GetFiles(Path.Combine(_atlas.Path, "pictures"), "*.png", SearchOption.AllDirectories)
            .Where(file => file.Contains($"/{method}/", StringComparison.Ordinal) && file.Contains("/first/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(3, pictures.Length); // One of the four neurons is never active, and has no patches.
        foreach (var picture in pictures[1..])
            File.Copy(pictures[0], picture, overwrite: true);

        var findings = (await VerifyAsync()).Findings;

        Assert.Equal(
            pictures[1..].Select(
                file => $"picture atlases/small/{Path.GetRelativePath(_atlas.Path, file)}: differs from the one drawn again"),
            findings.Select(line => line[..(line.IndexOf(" in ", StringComparison.Ordinal))]));
    }

    [Fact]
    public async Task Objects_that_are_missing_changed_or_unknown_are_named_once_with_exit_code_1()
    {
        await _atlas.Make();
        await ListObjectsAsync();
        Assert.Empty((await VerifyAsync()).Findings);
        var picture = Directory.GetFiles(Path.Combine(_atlas.Path, "pictures"), "*.png", SearchOption.AllDirectories).Order().First();
        var tally = Path.Combine(_atlas.Path, "tables", "first", "tally.safetensors");
        foreach (var file in new[] { picture, tally })
        {
            var bytes = await File.ReadAllBytesAsync(file, _cancellation);
            bytes[bytes.Length / 2] ^= 1;
            await File.WriteAllBytesAsync(file, bytes, _cancellation);
        }
        File.Delete(Path.Combine(_atlas.Path, "tables", "second", "profiles.bin"));
        await File.WriteAllTextAsync(Path.Combine(_atlas.Path, "tables", "second", "more.json"), "{}", _cancellation);

        var run = await CommandLineRun.RunAsync("verify", _atlas.Path);

        Assert.Equal(1, run.ExitCode);
        string Key(string file) => $"object atlases/small/{Path.GetRelativePath(_atlas.Path, file)}: ";
        Assert.Equal(
            new[]
            {
                Key(picture) + "changed since the run (different SHA-256)",
                Key(tally) + "changed since the run (different SHA-256)",
                "object atlases/small/tables/second/more.json: not of this atlas: its run did not write it",
                "object atlases/small/tables/second/profiles.bin: missing",
            }.Order(StringComparer.Ordinal),
            run.Output.Split('\n').Where(line => line.StartsWith("object ", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Contains("4 disagreements", run.Output);
        Assert.Contains("SHA-256 of ", run.Output.Split('\n').Single(line => line.StartsWith("checked: ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_list_of_objects_that_was_changed_or_deleted_is_named()
    {
        await _atlas.Make();
        await ListObjectsAsync();
        var list = Path.Combine(_atlas.Path, "objects.json");
        await File.AppendAllTextAsync(list, "\n", _cancellation);
        Assert.Contains("not the list that the manifest names", Assert.Single((await VerifyAsync()).Findings));

        File.Delete(list);
        Assert.Equal("object atlases/small/objects.json: missing", Assert.Single((await VerifyAsync()).Findings));
    }

    // As a run does at its end.
    private async Task ListObjectsAsync()
    {
        var (store, spec) = (new FolderObjectStore(_atlas.Path, AtlasKeys.Root("small")), _atlas.Plan().Spec);
        var manifest = new AtlasManifest
        {
            Software = "VizPipeline",
            State = AtlasState.Completed,
            SpecHash = spec.Hash(),
            Spec = spec,
            SecondsByKind = new Dictionary<JobKind, double>(),
            Failures = [],
            ObjectsSha256 = await ObjectHashes.WriteListAsync(store, "small", _cancellation),
        };
        await store.PutAsync(AtlasKeys.Manifest("small"), VizJson.Write(manifest), _cancellation);
    }

    // Another value of a statistic.
    private static object Other(Type type, object? value) => value switch
    {
        double number => (number * 1.5) + 1,
        int number => number == 0 ? 1 : number - 1,
        bool flag => !flag,
        int[] { Length: > 0 } numbers => (int[])[numbers[0] + 1, .. numbers[1..]],
        _ => type == typeof(double?) ? 1.0 : type == typeof(int?) ? 1 : new[] { 1 },
    };

    private Task<Verification> VerifyAsync(SmallAtlas atlas) => VerifyAsync(null, atlas);

    private async Task<Verification> VerifyAsync(VerifyOptions? options = null, SmallAtlas? atlas = null)
        => await AtlasVerification.RunAsync(
            await VerifiedAtlas.InFolderAsync((atlas ?? _atlas).Path, _cancellation), options ?? new VerifyOptions(), _cancellation);

    private async Task ChangeAsync(int layer, int channel, int rank, Action<Patch> change)
    {
        await using var catalog = _atlas.Database.Open();
        var patch = await catalog.Patches.AsTracking()
            .SingleAsync(p => p.LayerId == layer && p.Channel == channel && p.Rank == rank, _cancellation);
        change(patch);
        await catalog.SaveChangesAsync(_cancellation);
    }
}
