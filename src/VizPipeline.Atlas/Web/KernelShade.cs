namespace VizPipeline.Atlas.Web;

/// <summary>Maps weights to grey levels: mid-grey for zero, black and white for the largest magnitude, as in the filter pictures.</summary>
internal static class KernelShade
{
    /// <summary>Returns the grey level of a weight; mid-grey if it is not a number.</summary>
    public static byte ToGrey(float weight, float scale)
    {
        var level = 0.5f + (0.5f * weight / scale);
        return float.IsFinite(level) ? (byte)Math.Round(255 * Math.Clamp(level, 0, 1)) : (byte)128;
    }
}
