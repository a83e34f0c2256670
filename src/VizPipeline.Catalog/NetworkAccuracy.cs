using System.Globalization;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>How often the network is right about the images whose class is one of its outputs.</summary>
/// <param name="Images">The number of these images.</param>
/// <param name="Top1">The share whose class is the largest output.</param>
/// <param name="Top5">The share whose class is among the five largest outputs.</param>
/// <param name="Outputs">The number of outputs.</param>
public sealed record NetworkAccuracy(int Images, double Top1, double Top5, int Outputs)
{
    // With fewer images, no hit at all may be bad luck.
    private const int LeastImages = 10;

    /// <summary>Whether the network does not do better than guessing, by more than three standard deviations.</summary>
    public bool IsNearChance => Images >= LeastImages && Outputs > 1
        && Top1 <= (1.0 / Outputs) + (3 * Math.Sqrt((1.0 / Outputs) * (1 - (1.0 / Outputs)) / Images));

    /// <summary>What to think of when the accuracy is near chance.</summary>
    public const string ChanceWarning =
        "This is near chance: is the preprocessing another one than in training, or are the classes in another order?";

    /// <summary>Returns one line, for example <c>accuracy 56.3 % (top 5: 79.0 %) over 300 labelled images</c>.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"accuracy {100 * Top1:0.0} % (top 5: {100 * Top5:0.0} %) over {Images:N0} labelled image{(Images == 1 ? "" : "s")}");

    /// <summary>Reads the accuracy from the catalog; null if no image's class is an output, or the outputs are not observed.</summary>
    public static async Task<NetworkAccuracy?> ReadAsync(CatalogContext catalog, Atlas atlas, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(atlas);
        var spec = atlas.ReadSpec();
        if (OutputClasses.Of(spec) is not { } classes)
            return null;
        var ranked = catalog.Images.AsNoTracking().Where(image => image.AtlasId == atlas.Id && image.ClassRank != null);
        var images = await ranked.CountAsync(cancellation);
        if (images == 0)
            return null;
        var first = await ranked.CountAsync(image => image.ClassRank == 1, cancellation);
        var five = await ranked.CountAsync(image => image.ClassRank <= 5, cancellation);
        return new NetworkAccuracy(
            images, (double)first / images, (double)five / images, spec.GetLayer(classes.Layer).Channels);
    }
}
