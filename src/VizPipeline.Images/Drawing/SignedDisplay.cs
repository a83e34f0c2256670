namespace VizPipeline.Images;

/// <summary>
/// Displays signed signals (deconvolutions, weights): zero is mid-grey, and the largest magnitude just reaches black or white.
/// </summary>
public static class SignedDisplay
{
    /// <summary>Renders a signal on its own scale: <c>0.5 + s / max(2 max(s), -2 min(s))</c>. A signal of zeros is mid-grey.</summary>
    /// <param name="chw">Three planes (colour) or one (grey) of height x width values.</param>
    /// <param name="width">Width of a plane.</param>
    /// <param name="height">Height of a plane.</param>
    /// <exception cref="ArgumentException">There are not one or three planes.</exception>
    public static RgbImage Render(ReadOnlySpan<float> chw, int width, int height) => Render(chw, width, height, Magnitude(chw));

    /// <summary>Renders a signal on a shared scale: minus <paramref name="magnitude"/> is black, plus is white.</summary>
    /// <param name="chw">Three planes (colour) or one (grey) of height x width values.</param>
    /// <param name="width">Width of a plane.</param>
    /// <param name="height">Height of a plane.</param>
    /// <param name="magnitude">Usually the <see cref="Magnitude"/> of all signals together; 0 gives mid-grey.</param>
    /// <exception cref="ArgumentException">There are not one or three planes.</exception>
    public static RgbImage Render(ReadOnlySpan<float> chw, int width, int height, float magnitude) =>
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
            tiles[i] = Render(weights.Slice(i * size, size), width, height, magnitude);
        return tiles;
    }
}
