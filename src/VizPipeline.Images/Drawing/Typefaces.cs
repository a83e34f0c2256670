using SkiaSharp;

namespace VizPipeline.Images;

/// <summary>The weight of drawn text.</summary>
public enum TextWeight
{
    /// <summary>For labels.</summary>
    Regular,

    /// <summary>For titles.</summary>
    SemiBold,
}

/// <summary>
/// The embedded font (Inter, reduced to Latin-1 and a few symbols), so that text looks the same on machines without any fonts.
/// </summary>
internal static class Typefaces
{
    private static readonly Lazy<SKTypeface> Regular = new(() => Load("Inter-Regular.subset.otf"));
    private static readonly Lazy<SKTypeface> SemiBold = new(() => Load("Inter-SemiBold.subset.otf"));

    public static SKTypeface Get(TextWeight weight) => (weight == TextWeight.SemiBold ? SemiBold : Regular).Value;

    /// <summary>Returns the text with a question mark for each character that the font lacks, instead of an empty box.</summary>
    public static string Drawable(string text)
    {
        using var font = new SKFont(Regular.Value);
        return string.Concat(text.EnumerateRunes().Select(rune =>
            rune.Value < ' ' ? " " : font.GetGlyph(rune.Value) == 0 ? "?" : rune.ToString()));
    }

    private static SKTypeface Load(string resource)
    {
        using var stream = typeof(Typefaces).Assembly.GetManifestResourceStream(resource)!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return SKTypeface.FromData(SKData.CreateCopy(copy.ToArray()));
    }
}
