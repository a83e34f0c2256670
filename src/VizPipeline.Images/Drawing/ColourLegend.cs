namespace VizPipeline.Images;

/// <summary>A bar of a colormap with labels at its ends.</summary>
/// <param name="Colormap">The colours.</param>
/// <param name="Low">Label of the first colour, for example "0".</param>
/// <param name="High">Label of the last colour, for example "12.5".</param>
/// <param name="Caption">The quantity, for example "activation"; may be empty.</param>
public sealed record ColourLegend(Colormap Colormap, string Low, string High, string Caption = "")
{
    private const int BarWidth = 160;
    private const int BarHeight = 10;
    private const int Space = 8;

    /// <summary>Returns the height of the bar and its line of text.</summary>
    internal static int Height(TextStyle style) => Math.Max(style.LineHeight, BarHeight);

    /// <summary>Returns the width of bar, labels and caption.</summary>
    internal int Width(TextStyle style) =>
        style.Measure(Low) + Space + BarWidth + Space + style.Measure(High) + (Caption.Length > 0 ? 2 * Space + style.Measure(Caption) : 0);

    internal void Draw(Canvas canvas, int x, int y, TextStyle style)
    {
        canvas.Text(Low, x, y, style.Measure(Low), style);
        x += style.Measure(Low) + Space;
        for (var column = 0; column < BarWidth; column++)
            canvas.Fill(x + column, y + (Height(style) - BarHeight) / 2, 1, BarHeight, Colormap[column / (BarWidth - 1f)]);
        x += BarWidth + Space;
        canvas.Text(High, x, y, style.Measure(High), style);
        x += style.Measure(High) + 2 * Space;
        canvas.Text(Caption, x, y, style.Measure(Caption), style);
    }
}
