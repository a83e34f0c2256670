using SkiaSharp;

namespace VizPipeline.Sample.Pictures;

/// <summary>The colours of one picture: random, but different enough that the subject is visible.</summary>
internal sealed class Palette
{
    private readonly Dice _dice;

    public Palette(Dice dice)
    {
        this._dice = dice;
        // A few pictures are pale or nearly grey, so that no neuron can rely on saturation alone.
        _richness = dice.Chance(0.2f) ? dice.Between(0.05f, 0.4f) : dice.Between(0.6f, 1f);
        Back = Any();
        Main = Unlike(Back);
        Second = Unlike(Main, Back);
        Third = Unlike(Main, Second);
    }

    private readonly float _richness;

    public SKColor Back { get; }

    public SKColor Main { get; }

    public SKColor Second { get; }

    public SKColor Third { get; }

    public SKColor Any() => SKColor.FromHsv(_dice.Between(0, 360), 100 * _richness * MathF.Sqrt(_dice.Unit()), _dice.Between(18, 100));

    /// <summary>Returns a colour that stands out against all of <paramref name="others"/>.</summary>
    public SKColor Unlike(params ReadOnlySpan<SKColor> others)
    {
        var best = Any();
        for (var attempt = 0; attempt < 12 && Nearest(best, others) < 110; attempt++)
        {
            var next = Any();
            if (Nearest(next, others) > Nearest(best, others))
                best = next;
        }
        return best;
    }

    /// <summary>Returns a slight random variation of a colour with a known meaning (skin, leaf, bark).</summary>
    public SKColor Near(float hue, float saturation, float value, float spread = 1)
        => SKColor.FromHsv(
            (hue + spread * _dice.Between(-12, 12) + 360) % 360,
            Math.Clamp(saturation + spread * _dice.Between(-14, 14), 0, 100),
            Math.Clamp(value + spread * _dice.Between(-14, 14), 0, 100));

    public static SKColor Blend(SKColor from, SKColor to, float part) => new(
        (byte)(from.Red + (to.Red - from.Red) * part),
        (byte)(from.Green + (to.Green - from.Green) * part),
        (byte)(from.Blue + (to.Blue - from.Blue) * part),
        from.Alpha);

    public static SKColor Lighter(SKColor color, float part) => Blend(color, SKColors.White, part);

    public static SKColor Darker(SKColor color, float part) => Blend(color, SKColors.Black, part);

    private static float Nearest(SKColor color, ReadOnlySpan<SKColor> others)
    {
        var nearest = float.MaxValue;
        foreach (var other in others)
        {
            // Weighted by the eye's sensitivity: a blue as dark as its green neighbour does not stand out.
            float red = color.Red - other.Red, green = color.Green - other.Green, blue = color.Blue - other.Blue;
            nearest = Math.Min(nearest, MathF.Sqrt(0.9f * red * red + 1.6f * green * green + 0.5f * blue * blue));
        }
        return nearest;
    }
}
