using SkiaSharp;

namespace VizPipeline.Images;

/// <summary>How a line of text looks, and how much room it takes.</summary>
/// <param name="Size">Height of the font in pixels, for example 13.</param>
/// <param name="Colour">Colour of the letters.</param>
/// <param name="Weight">Regular or semi-bold.</param>
public sealed record TextStyle(float Size, Rgb Colour, TextWeight Weight = TextWeight.Regular)
{
    private const string Ellipsis = "\u2026";

    /// <summary>Height of one line in pixels.</summary>
    public int LineHeight => (int)MathF.Ceiling(Size * 1.35f);

    /// <summary>Pixels from the top of a line to the foot of its letters.</summary>
    internal int Baseline => (int)MathF.Round(Size * 1.05f);

    /// <summary>Width of a text in whole pixels.</summary>
    public int Measure(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        using var font = Font();
        return Width(font, Typefaces.Drawable(text));
    }

    /// <summary>
    /// The text, or as much of its beginning as fits <paramref name="width"/> pixels with an ellipsis; empty where not even that fits.
    /// </summary>
    public string Fit(string text, int width)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = Typefaces.Drawable(text);
        using var font = Font();
        if (Width(font, text) <= width)
            return text;
        // All drawable signs are single characters, so cutting between two of them is safe.
        for (var length = text.Length - 1; length >= 0; length--)
        {
            var cut = text[..length].TrimEnd() + Ellipsis;
            if (Width(font, cut) <= width)
                return cut;
        }
        return "";
    }

    /// <summary>What the letters are filled with.</summary>
    internal SKPaint Paint() => new() { Color = new(Colour.R, Colour.G, Colour.B), IsAntialias = true };

    /// <summary>The letters' shape and size.</summary>
    internal SKFont Font() => new(Typefaces.Of(Weight), Size)
    {
        Edging = SKFontEdging.Antialias,
        Subpixel = true,
        Hinting = SKFontHinting.None,
    };

    private static int Width(SKFont font, string text) => (int)MathF.Ceiling(font.MeasureText(text));
}
