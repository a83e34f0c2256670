using SkiaSharp;

namespace VizPipeline.Images;

/// <summary>The appearance of a line of text and the space it takes.</summary>
/// <param name="Size">Height of the font in pixels, for example 13.</param>
/// <param name="Colour">Colour of the text.</param>
/// <param name="Weight">Regular or semi-bold.</param>
public sealed record TextStyle(float Size, Rgb Colour, TextWeight Weight = TextWeight.Regular)
{
    private const string Ellipsis = "\u2026";

    /// <summary>Height of one line in pixels.</summary>
    public int LineHeight => (int)MathF.Ceiling(Size * 1.35f);

    /// <summary>Pixels from the top of a line to its baseline.</summary>
    internal int Baseline => (int)MathF.Round(Size * 1.05f);

    /// <summary>Returns the width of a text in whole pixels.</summary>
    public int Measure(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        using var font = Font();
        return Width(font, Typefaces.Drawable(text));
    }

    /// <summary>
    /// Returns the text, or as much of its beginning as fits into <paramref name="width"/> pixels with an ellipsis; empty if nothing fits.
    /// </summary>
    public string Fit(string text, int width)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = Typefaces.Drawable(text);
        using var font = Font();
        if (Width(font, text) <= width)
            return text;
        // All drawable characters are single UTF-16 units, so the text can be cut anywhere.
        for (var length = text.Length - 1; length >= 0; length--)
        {
            var cut = text[..length].TrimEnd() + Ellipsis;
            if (Width(font, cut) <= width)
                return cut;
        }
        return "";
    }

    /// <summary>Creates the paint for the text.</summary>
    internal SKPaint Paint() => new() { Color = new(Colour.R, Colour.G, Colour.B), IsAntialias = true };

    /// <summary>Creates the font of the text.</summary>
    internal SKFont Font() => new(Typefaces.Get(Weight), Size)
    {
        Edging = SKFontEdging.Antialias,
        Subpixel = true,
        Hinting = SKFontHinting.None,
    };

    private static int Width(SKFont font, string text) => (int)MathF.Ceiling(font.MeasureText(text));
}
