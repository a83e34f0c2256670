using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Images;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>The pictures of patches and deconvolutions that an atlas stores, and the effective fields that it records with them.</summary>
[Collection(VizProcesses.Name)]
public sealed class StoredPatchesTests(SampleMaterial material)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deconvolutions_lie_in_their_effective_fields_and_the_outside_of_the_image_is_hatched()
    {
        var folder = material.Out("stored-patches");
        var run = await VizProcess.Run(
            "run", "--model", material.Model, "--images", material.Images, "--limit", "24", "--layers", "conv3", "--methods", "top9,deconv",
            "--out", folder);
        Assert.True(run.ExitCode == 0, run.Error);
        await using var catalog = new SqliteCatalogDatabase(Path.Combine(folder, "atlas.db")).Open();
        var spec = (await catalog.Atlases.SingleAsync(_cancellation)).ReadSpec();
        var patches = await catalog.Patches.AsNoTracking().Where(patch => patch.Channel < 16).ToListAsync(_cancellation);

        var outside = 0;
        foreach (var neuron in patches.GroupBy(patch => patch.Channel))
        {
            var top = await ReadAsync(folder, spec, PictureMethod.Top9, neuron.Key);
            var deconvolution = await ReadAsync(folder, spec, PictureMethod.Deconv, neuron.Key);
            var layout = PatchMosaic.Detect(deconvolution);
            Assert.Equal((spec.Layers[0].FieldX.Size, 2), (layout.CellWidth, layout.Gutter));
            foreach (var patch in neuron)
            {
                var name = $"{neuron.Key} {patch.Rank}";
                Assert.True(patch.X0 <= patch.CropX0 && patch.CropX0 < patch.CropX1 && patch.CropX1 <= patch.X1, name);
                Assert.True(
                    patch.ClippedX0 <= patch.CropX0 && patch.CropX1 <= patch.ClippedX1 && patch.ClippedY0 <= patch.CropY0
                        && patch.CropY1 <= patch.ClippedY1, $"{name}: the effective field leaves the image");
                var (cell, crop) = (layout.Cut(deconvolution, patch.Rank), patch.GetCellCrop(spec)!.Value);
                var inside = new System.Drawing.Rectangle(
                    patch.ClippedX0 - patch.X0, patch.ClippedY0 - patch.Y0, patch.ClippedX1 - patch.ClippedX0,
                    patch.ClippedY1 - patch.ClippedY0);
                // 98 % of the energy of the signal itself; the picture has 8 bits and is clipped softly.
                var all = Energy(cell, inside);
                Assert.True(Energy(cell, System.Drawing.Rectangle.Intersect(crop, inside)) >= 0.9 * all, name);
                foreach (var picture in new[] { cell, layout.Cut(top, patch.Rank) })
                    outside += CountHatched(picture, inside);
            }
        }
        Assert.True(outside > 0, "no patch reaches beyond its image");
    }

    private async Task<RgbImage> ReadAsync(string folder, AtlasSpec spec, string method, int channel)
    {
        var key = AtlasKeys.Picture(spec.Id, "conv3", method, channel)[(AtlasKeys.Root(spec.Id).Length + 1)..];
        return Png.Decode(await File.ReadAllBytesAsync(Path.Combine(folder, key), _cancellation), key);
    }

    private static double Energy(RgbImage cell, System.Drawing.Rectangle part)
    {
        var sum = 0.0;
        for (var y = part.Top; y < part.Bottom; y++)
            foreach (var level in cell.Row(y)[(part.Left * 3)..(part.Right * 3)])
                sum += (level - 128.0) * (level - 128.0);
        return sum;
    }

    private static int CountHatched(RgbImage cell, System.Drawing.Rectangle inside)
    {
        var hatched = 0;
        for (var y = 0; y < cell.Height; y++)
        {
            for (var x = 0; x < cell.Width; x++)
            {
                if (inside.Contains(x, y))
                    continue;
                hatched++;
                Assert.True(cell[x, y] == Rgb.Grey(198) || cell[x, y] == Rgb.Grey(226), $"{x}, {y} is {cell[x, y]}");
            }
        }
        return hatched;
    }
}
