using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Verify;

namespace VizPipeline.Tests.Cli.Verify;

public sealed class AtlasVerificationTests : IDisposable
{
    private readonly SmallAtlas atlas = new();
    private readonly CancellationToken cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => atlas.Dispose();

    [Fact]
    public async Task A_right_atlas_has_no_findings()
    {
        await atlas.Make();

        var result = await Verify();

        Assert.Empty(result.Findings);
        Assert.Equal((14, 14 * 9), (result.Neurons, result.Patches));
        Assert.InRange(result.Images, 41, 60);
        Assert.True(result.Pictures >= 28);
    }

    [Fact]
    public async Task A_wrong_activation_position_or_box_is_found()
    {
        await atlas.Make();
        await Change(1, 1, 2, patch => patch.Activation *= 1.003f);
        await Change(1, 2, 3, patch => patch.X = (patch.X + 5) % 12);
        await Change(2, 1, 1, patch => patch.X0++);
        await Change(2, 2, 1, patch => (patch.ClippedX0, patch.ClippedX1) = (patch.ClippedX1 - 1, patch.ClippedX1));

        var findings = (await Verify()).Findings;

        Assert.Contains(findings, line => line.Contains("neuron 1 rank 2") && line.Contains("computed again"));
        Assert.Contains(findings, line => line.Contains("neuron 2 rank 3") && line.Contains("but the maximum is"));
        Assert.Contains(findings, line => line.Contains("neuron 1 rank 1: its box is not the receptive field"));
        Assert.Contains(findings, line => line.Contains("neuron 2 rank 1") && line.Contains("pixels outside its box"));
    }

    [Fact]
    public async Task A_better_image_that_is_not_listed_is_found()
    {
        await atlas.Make();
        await using (var catalog = atlas.Database.Open())
        {
            var best = (await catalog.Patches.SingleAsync(p => p.LayerId == 1 && p.Channel == 0 && p.Rank == 1, cancellation)).ImageIndex;
            var listed = await catalog.Patches.Where(p => p.LayerId == 1 && p.Channel == 0).Select(p => p.ImageIndex).ToListAsync(cancellation);
            await Change(1, 0, 1, patch => patch.ImageIndex = Enumerable.Range(0, 60).Except(listed).First());
            // Only an image that some other neuron brings in is certain to be among those that are looked at.
            await Change(1, 3, 9, patch => patch.ImageIndex = best);
        }

        Assert.Contains((await Verify()).Findings, line => line.Contains("neuron 0: ") && line.Contains("more than its rank 9"));
    }

    [Fact]
    public async Task Missing_and_damaged_pictures_and_changed_files_are_found()
    {
        await atlas.Make();
        var pictures = Directory.GetFiles(Path.Combine(atlas.Path, "pictures"), "*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        File.Delete(pictures[0]);
        await File.WriteAllBytesAsync(pictures[1], (await File.ReadAllBytesAsync(pictures[1], cancellation))[..^40], cancellation);
        await File.AppendAllTextAsync(Path.Combine(atlas.ImageFolder, "0007.png"), "more", cancellation);

        var findings = (await Verify()).Findings;

        Assert.Contains(findings, line => line.StartsWith("picture atlases/small/pictures/", StringComparison.Ordinal) && line.EndsWith(": missing", StringComparison.Ordinal));
        Assert.Contains(findings, line => line.EndsWith(": the file ends before the picture does", StringComparison.Ordinal));
        Assert.Contains("image 0007.png: the file has changed since the image set was listed", findings);
        Assert.Equal(3, findings.Count);
    }

    [Fact]
    public async Task A_moved_model_or_image_folder_is_named_and_can_be_given()
    {
        await atlas.Make();
        var (model, images) = (atlas.ModelFile + ".moved", atlas.ImageFolder + ".moved");
        File.Move(atlas.ModelFile, model);
        Assert.Contains("--model", (await Assert.ThrowsAsync<UsageException>(() => Verify())).Message);

        Directory.Move(atlas.ImageFolder, images);
        Assert.Contains("--images", (await Assert.ThrowsAsync<UsageException>(() => Verify(new VerifyOptions { Model = model }))).Message);

        Assert.Empty((await Verify(new VerifyOptions { Model = model, Images = images })).Findings);
        Directory.Move(images, atlas.ImageFolder);
    }

    private async Task<Verification> Verify(VerifyOptions? options = null)
        => await AtlasVerification.RunAsync(
            await VerifiedAtlas.InFolderAsync(atlas.Path, cancellation), options ?? new VerifyOptions(), cancellation);

    private async Task Change(int layer, int channel, int rank, Action<Patch> change)
    {
        await using var catalog = atlas.Database.Open();
        var patch = await catalog.Patches.AsTracking().SingleAsync(p => p.LayerId == layer && p.Channel == channel && p.Rank == rank, cancellation);
        change(patch);
        await catalog.SaveChangesAsync(cancellation);
    }
}
