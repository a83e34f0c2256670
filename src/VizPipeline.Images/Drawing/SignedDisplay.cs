namespace VizPipeline.Images;

/// <summary>Displays signed signals (deconvolutions, weights), with zero as mid-grey.</summary>
public static class SignedDisplay
{
    /// <summary>
    /// The share of a signal's nonzero values that its own scale shows without compression. A few values of a deconvolution are many times
    /// larger than the rest; on a scale up to the largest, nothing else can be seen. docs/methods.md, section 2, has the measurements.
    /// </summary>
    public const double ShownShare = 0.995;

    // Up to this share of the scale the display is linear; larger values approach black or white.
    private const float Knee = 0.75f;

    private const byte MidGrey = 128;

    // Numbers of the upper 16 bits of a float without its sign, infinity included.
    private const int Buckets = 0x7F81;

    // A lit picture: how dark the rest is, how wide the light is smoothed, and how soon it is full.
    private const float DimmedShare = 0.18f;
    private const float LitBlurShare = 0.05f;
    private const float LitGain = 2f;

    /// <summary>
    /// Renders a signal on its own scale, the magnitude that <see cref="ShownShare"/> of its nonzero values do not exceed. Larger values
    /// are clipped softly: they approach black or white and keep their order. A signal of zeros is mid-grey.
    /// </summary>
    /// <param name="chw">Three planes (colour) or one (grey) of height x width values.</param>
    /// <param name="width">Width of a plane.</param>
    /// <param name="height">Height of a plane.</param>
    /// <exception cref="ArgumentException">There are not one or three planes.</exception>
    public static RgbImage Render(ReadOnlySpan<float> chw, int width, int height) => Render(chw, width, height, ShownShare);

    /// <summary>Does the same with another share; 1 scales to the largest magnitude.</summary>
    /// <param name="chw">Three planes (colour) or one (grey) of height x width values.</param>
    /// <param name="width">Width of a plane.</param>
    /// <param name="height">Height of a plane.</param>
    /// <param name="share">Share of the nonzero values, from 0 to 1.</param>
    /// <exception cref="ArgumentException">There are not one or three planes.</exception>
    public static RgbImage Render(ReadOnlySpan<float> chw, int width, int height, double share)
    {
        var scale = ShownMagnitude(chw, share);
        if (!float.IsFinite(1f / scale))
            return FloatDisplay.Render(chw, width, height, 0f, 0.5f);
        var shown = new float[chw.Length];
        for (var i = 0; i < shown.Length; i++)
            shown[i] = ClipSoftly(chw[i] / scale);
        return FloatDisplay.Render(shown, width, height, 0.5f, 0.5f);
    }

    /// <summary>
    /// Renders the size of a signal without its sign, on the scale of <see cref="Render(ReadOnlySpan{float}, int, int)"/>. Zero is black,
    /// and the largest of a pixel's planes counts.
    /// </summary>
    /// <param name="chw">Three planes (colour) or one (grey) of height x width values.</param>
    /// <param name="width">Width of a plane.</param>
    /// <param name="height">Height of a plane.</param>
    /// <exception cref="ArgumentException">There are not one or three planes.</exception>
    public static RgbImage RenderMagnitude(ReadOnlySpan<float> chw, int width, int height)
        => FloatDisplay.Render(Strengths(chw, width, height), width, height, 1f, 0f);

    /// <summary>Renders a picture lit where a signal is large and dimmed elsewhere: what the neuron saw.</summary>
    /// <param name="picture">The picture of height x width pixels.</param>
    /// <param name="chw">Three planes (colour) or one (grey) of height x width values.</param>
    /// <exception cref="ArgumentException">There are not one or three planes.</exception>
    public static RgbImage RenderLit(RgbImage picture, ReadOnlySpan<float> chw)
    {
        ArgumentNullException.ThrowIfNull(picture);
        var (width, height) = (picture.Width, picture.Height);
        // Reduced and enlarged again, single pixels join to areas.
        var pixel = Math.Max(1, Math.Max(width, height) * LitBlurShare);
        var light = Canvas.Scale(
            RenderMagnitude(chw, width, height), Math.Max(1, (int)(width / pixel)), Math.Max(1, (int)(height / pixel)), Scaling.Bilinear);
        light = Canvas.Scale(light, width, height, Scaling.Bilinear);
        var strongest = Math.Max(light.Pixels.Max(), (byte)1);
        var lit = new RgbImage(width, height);
        for (var at = 0; at < lit.Pixels.Length; at++)
        {
            var share = DimmedShare + ((1f - DimmedShare) * Math.Min(1f, LitGain * light.Pixels[at] / strongest));
            lit.Pixels[at] = (byte)MathF.Round(picture.Pixels[at] * share);
        }
        return lit;
    }

    /// <summary>Renders a picture of a signal again on its own scale, after it was reduced.</summary>
    /// <param name="picture">A picture with zero as mid-grey.</param>
    internal static RgbImage RestoreContrast(RgbImage picture)
    {
        var area = picture.Width * picture.Height;
        var signal = new float[3 * area];
        for (var at = 0; at < signal.Length; at++)
            signal[(at % 3 * area) + (at / 3)] = picture.Pixels[at] - (float)MidGrey;
        return Render(signal, picture.Width, picture.Height);
    }

    // The largest plane of each pixel on the signal's own scale, clipped softly to 0..1.
    private static float[] Strengths(ReadOnlySpan<float> chw, int width, int height)
    {
        var area = width * height;
        if (area < 1 || (chw.Length != area && chw.Length != 3 * area))
            throw new ArgumentException($"{chw.Length} values are not one or three planes of {height}x{width}", nameof(chw));
        var strengths = new float[area];
        var scale = ShownMagnitude(chw, ShownShare);
        if (!float.IsFinite(1f / scale))
            return strengths;
        for (var at = 0; at < chw.Length; at++)
            strengths[at % area] = Math.Max(strengths[at % area], MathF.Abs(ClipSoftly(chw[at] / scale)));
        return strengths;
    }

    /// <summary>Returns the magnitude that a share of the nonzero values do not exceed, ignoring NaN; 0 if there is none.</summary>
    /// <param name="values">The values.</param>
    /// <param name="share">From 0 to 1; 1 gives the largest magnitude.</param>
    public static float ShownMagnitude(ReadOnlySpan<float> values, double share)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(share, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        // Drawn for every patch, so in linear time. The bits of positive numbers are ordered as the numbers are: the upper half of the bits
        // finds the bucket of the quantile, and only that bucket is sorted.
        var counts = new int[Buckets];
        var count = 0;
        foreach (var value in values)
        {
            if (!(MathF.Abs(value) > 0f))
                continue;
            counts[BucketOf(value)]++;
            count++;
        }
        if (count == 0)
            return 0f;
        var rank = Math.Max(0, (int)Math.Ceiling(share * count) - 1);
        var bucket = 0;
        while (rank >= counts[bucket])
            rank -= counts[bucket++];
        var members = new List<float>(counts[bucket]);
        foreach (var value in values)
            if (MathF.Abs(value) > 0f && BucketOf(value) == bucket)
                members.Add(MathF.Abs(value));
        members.Sort();
        return members[rank];
    }

    private static int BucketOf(float value) => BitConverter.SingleToInt32Bits(MathF.Abs(value)) >> 16;

    /// <summary>Renders a signal on a shared scale: minus <paramref name="magnitude"/> is black, plus is white.</summary>
    /// <param name="chw">Three planes (colour) or one (grey) of height x width values.</param>
    /// <param name="width">Width of a plane.</param>
    /// <param name="height">Height of a plane.</param>
    /// <param name="magnitude">Usually the <see cref="Magnitude"/> of all signals together; 0 gives mid-grey.</param>
    /// <exception cref="ArgumentException">There are not one or three planes.</exception>
    public static RgbImage RenderLinear(ReadOnlySpan<float> chw, int width, int height, float magnitude) =>
        // A magnitude so small that its inverse overflows is treated as zero.
        FloatDisplay.Render(chw, width, height, 0.5f / magnitude is var factor && float.IsFinite(factor) ? factor : 0f, 0.5f);

    /// <summary>Returns the largest absolute value, ignoring NaN; 0 if there is none.</summary>
    public static float Magnitude(ReadOnlySpan<float> values)
    {
        var largest = 0f;
        foreach (var value in values)
            if (MathF.Abs(value) > largest)
                largest = MathF.Abs(value);
        return largest;
    }

    /// <summary>Renders the filters of a layer as tiles on one scale for the whole layer.</summary>
    /// <param name="weights">All filters in sequence, each of three planes (colour) or one (grey).</param>
    /// <param name="width">Width of a filter.</param>
    /// <param name="height">Height of a filter.</param>
    /// <param name="planes">Number of planes of a filter: 1 or 3.</param>
    /// <exception cref="ArgumentException">The values are not whole filters of one or three planes.</exception>
    public static IReadOnlyList<RgbImage> Filters(ReadOnlySpan<float> weights, int width, int height, int planes)
    {
        var size = checked(width * height * planes);
        if (size < 1 || weights.Length % size != 0)
            throw new ArgumentException($"{weights.Length} weights are not whole filters of {planes}x{height}x{width}", nameof(weights));
        var magnitude = Magnitude(weights);
        var tiles = new RgbImage[weights.Length / size];
        for (var i = 0; i < tiles.Length; i++)
            tiles[i] = RenderLinear(weights.Slice(i * size, size), width, height, magnitude);
        return tiles;
    }

    // Linear up to the knee, then a hyperbolic tangent with the same slope there, up to 1. NaN is zero.
    private static float ClipSoftly(float value)
    {
        var size = MathF.Abs(value);
        return float.IsNaN(value) ? 0f : size <= Knee ? value
            : MathF.CopySign(Knee + ((1f - Knee) * MathF.Tanh((size - Knee) / (1f - Knee))), value);
    }
}
