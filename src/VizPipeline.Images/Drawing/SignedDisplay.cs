namespace VizPipeline.Images;

/// <summary>Signed signals (deconvolutions, weights): zero is mid-grey, and the largest magnitude just reaches black or white.</summary>
public static class SignedDisplay
{
    /// <summary>Shows a signal on its own scale: <c>0.5 + s / max(2 max(s), -2 min(s))</c>. A signal of zeros is mid-grey.</summary>
    /// <param name="chw">Three planes (colour) or one (grey) of height x width values.</param>
    /// <param name="width">Width of a plane.</param>
    /// <param name="height">Height of a plane.</param>
    /// <exception cref="ArgumentException">There are not one or three planes.</exception>
    public static RgbImage Render(ReadOnlySpan<float> chw, int width, int height) => Render(chw, width, height, Magnitude(chw));

    /// <summary>Shows a signal on a scale that it shares with others: minus <paramref name="magnitude"/> is black, plus is white.</summary>
    /// <param name="chw">Three planes (colour) or one (grey) of height x width values.</param>
    /// <param name="width">Width of a plane.</param>
    /// <param name="height">Height of a plane.</param>
    /// <param name="magnitude">As a rule the <see cref="Magnitude"/> of all signals together; 0 shows mid-grey.</param>
    /// <exception cref="ArgumentException">There are not one or three planes.</exception>
    public static RgbImage Render(ReadOnlySpan<float> chw, int width, int height, float magnitude) =>
        // A magnitude so small that its inverse overflows is as good as zero to the eye.
        FloatDisplay.Render(chw, width, height, 0.5f / magnitude is var factor && float.IsFinite(factor) ? factor : 0f, 0.5f);

    /// <summary>The largest absolute value, not-a-numbers left out; 0 where there is none.</summary>
    public static float Magnitude(ReadOnlySpan<float> values)
    {
        var largest = 0f;
        foreach (var value in values)
            if (MathF.Abs(value) > largest)
                largest = MathF.Abs(value);
        return largest;
    }

    /// <summary>The filters of a layer as tiles with one scale for the whole layer.</summary>
    /// <param name="weights">All filters one after the other, each of three planes (colour) or one (grey).</param>
    /// <param name="width">Width of a filter.</param>
    /// <param name="height">Height of a filter.</param>
    /// <param name="planes">Planes of a filter: 1 or 3.</param>
    /// <exception cref="ArgumentException">The values do not make up whole filters of one or three planes.</exception>
    public static IReadOnlyList<RgbImage> Filters(ReadOnlySpan<float> weights, int width, int height, int planes)
    {
        var size = checked(width * height * planes);
        if (size < 1 || weights.Length % size != 0)
            throw new ArgumentException($"{weights.Length} weights are not whole filters of {planes}x{height}x{width}", nameof(weights));
        var magnitude = Magnitude(weights);
        var tiles = new RgbImage[weights.Length / size];
        for (var i = 0; i < tiles.Length; i++)
            tiles[i] = Render(weights.Slice(i * size, size), width, height, magnitude);
        return tiles;
    }
}
