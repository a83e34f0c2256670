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
        var shares = PixelScales.ToRgb(result.Image, preprocessing).Select(value => value / 255).ToArray();
        if (result.Alpha is { } alpha)
        {
            for (var i = 0; i < shares.Length; i++)
                shares[i] = 0.5f + ((shares[i] - 0.5f) * alpha[i % alpha.Length]);
        }
        return RangeDisplay.Render(shares, result.Width, result.Height);
    }
}
