using VizPipeline.Images;
using VizPipeline.Methods.Input;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>Draws results as images.</summary>
public static class AscentPicture
{
    /// <summary>
    /// Draws the image in its true colours; pixels that did not contribute fade to mid-grey if the recipe records contributions.
    /// </summary>
    public static RgbImage Draw(AscentResult result, Preprocessing preprocessing)
    {
        ArgumentNullException.ThrowIfNull(result);
        return Draw(result.Image, result.Width, result.Height, preprocessing, result.Alpha);
    }

    /// <summary>Draws an image of an ascent, such as one that <see cref="AscentRun.Watch"/> received.</summary>
    /// <param name="image">[C, H, W] in 0-255, in the network's channel order.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="preprocessing">Tells the order of the channels.</param>
    /// <param name="alpha">How much each pixel contributed, [H, W] in 0-1; null if all are opaque.</param>
    public static RgbImage Draw(float[] image, int width, int height, Preprocessing preprocessing, float[]? alpha = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        var shares = PixelScales.ToRgb(image, preprocessing).Select(value => value / 255).ToArray();
        if (alpha is not null)
        {
            for (var i = 0; i < shares.Length; i++)
                shares[i] = 0.5f + ((shares[i] - 0.5f) * alpha[i % alpha.Length]);
        }
        return RangeDisplay.Render(shares, width, height);
    }
}
