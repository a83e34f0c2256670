namespace VizPipeline.Web;

/// <summary>How weights are shown: mid-grey for zero, black and white for the largest magnitude, as in the pictures of filters.</summary>
internal static class KernelShade
{
    /// <summary>A weight's level; that of zero for what is no number.</summary>
    public static byte Of(float weight, float scale)
    {
        var level = 0.5f + (0.5f * weight / scale);
        return float.IsFinite(level) ? (byte)Math.Round(255 * Math.Clamp(level, 0, 1)) : (byte)128;
    }
}
