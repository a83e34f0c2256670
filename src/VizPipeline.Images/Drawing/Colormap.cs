namespace VizPipeline.Images;

/// <summary>Maps numbers from 0 to 1 to colours.</summary>
public sealed class Colormap
{
    private readonly Rgb[] _colours;

    private Colormap(string name, Func<double, Rgb> colour)
    {
        Name = name;
        _colours = [.. Enumerable.Range(0, 256).Select(level => colour(level / 255.0))];
    }

    /// <summary>Viridis: dark blue through green to yellow, perceptually uniform and suitable for the colour-blind.</summary>
    public static Colormap Viridis { get; } = new("viridis", ViridisAt);

    /// <summary>Black to white.</summary>
    public static Colormap Grey { get; } = new("grey", t => Rgb.Grey((byte)Math.Round(t * 255)));

    /// <summary>Name in URLs and legends.</summary>
    public string Name { get; }

    /// <summary>The colour of a value; values below 0 and NaN count as 0, values above 1 as 1.</summary>
    public Rgb this[float value] => _colours[Level(value)];

    /// <summary>Colours a map.</summary>
    /// <param name="values">Height x width values.</param>
    /// <param name="width">Width of the map.</param>
    /// <param name="height">Height of the map.</param>
    /// <param name="low">The value of the first colour.</param>
    /// <param name="high">The value of the last colour; unless it is above <paramref name="low"/>, everything has the first colour.</param>
    /// <exception cref="ArgumentException">The number of values is not height x width.</exception>
    public RgbImage Render(ReadOnlySpan<float> values, int width, int height, float low, float high)
    {
        if (values.Length != width * height)
            throw new ArgumentException($"a map of {width}x{height} cannot have {values.Length} values", nameof(values));
        var image = new RgbImage(width, height);
        var scale = high > low ? 1f / (high - low) : 0f;
        for (var i = 0; i < values.Length; i++)
        {
            var colour = this[(values[i] - low) * scale];
            (image.Pixels[i * 3], image.Pixels[i * 3 + 1], image.Pixels[i * 3 + 2]) = (colour.R, colour.G, colour.B);
        }
        return image;
    }

    // A comparison with NaN is false, so NaN becomes 0.
    private static int Level(float value) => value > 0f ? (int)MathF.Round(MathF.Min(value, 1f) * 255f) : 0;

    // Matt Zucker's polynomial fit of matplotlib's viridis (both CC0) differs from the table by a few of 255 levels.
    private static Rgb ViridisAt(double t) => new(
        Polynomial(
            t, 0.2777273272234177, 0.1050930431085774, -0.3308618287255563, -4.634230498983486,
            6.228269936347081, 4.776384997670288, -5.435455855934631),
        Polynomial(
            t, 0.005407344544966578, 1.404613529898575, 0.214847559468213, -5.799100973351585,
            14.17993336680509, -13.74514537774601, 4.645852612178535),
        Polynomial(
            t, 0.3340998053353061, 1.384590162594685, 0.09509516302823659, -19.33244095627987,
            56.69055260068105, -65.35303263337234, 26.3124352495832));

    private static byte Polynomial(double t, params ReadOnlySpan<double> coefficients)
    {
        var value = 0.0;
        for (var i = coefficients.Length - 1; i >= 0; i--)
            value = value * t + coefficients[i];
        return (byte)Math.Clamp(Math.Round(value * 255), 0, 255);
    }
}
