using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Verify;

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
        Assert.Equal((14, 14 * 9), (result.Neurons, result.Patches));
        Assert.InRange(result.Images, 41, 60);
        Assert.True(result.Pictures >= 28);
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
            await ChangeAsync(1, 3, 9, patch => patch.ImageIndex = best);
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

    private async Task<Verification> VerifyAsync(VerifyOptions? options = null)
        => await AtlasVerification.RunAsync(
            await VerifiedAtlas.InFolderAsync(_atlas.Path, _cancellation), options ?? new VerifyOptions(), _cancellation);

    private async Task ChangeAsync(int layer, int channel, int rank, Action<Patch> change)
    {
        await using var catalog = _atlas.Database.Open();
        var patch = await catalog.Patches.AsTracking()
            .SingleAsync(p => p.LayerId == layer && p.Channel == channel && p.Rank == rank, _cancellation);
        change(patch);
        await catalog.SaveChangesAsync(_cancellation);
    }
}
