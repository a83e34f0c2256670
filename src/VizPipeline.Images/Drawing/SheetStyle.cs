namespace VizPipeline.Images;

/// <summary>The appearance of a sheet. The defaults are an off-white background, dark grey text and tiles that do not touch.</summary>
public sealed record SheetStyle
{
    /// <summary>Background colour.</summary>
    public Rgb Background { get; init; } = new(250, 250, 248);

    /// <summary>Style of the line at the top.</summary>
    public TextStyle Title { get; init; } = new(18, new(32, 33, 36), TextWeight.SemiBold);

    /// <summary>Style of the line below the title.</summary>
    public TextStyle Subtitle { get; init; } = new(13, new(95, 99, 104));

    /// <summary>Style of the text below tiles, beside rows and on the legend.</summary>
    public TextStyle Label { get; init; } = new(12, new(60, 64, 67));

    /// <summary>Width of the outer margin in pixels.</summary>
    public int Margin { get; init; } = 16;

    /// <summary>Gap between tiles in pixels.</summary>
    public int Gap { get; init; } = 6;

    /// <summary>Light text on a dark background.</summary>
    public static SheetStyle Dark { get; } = new()
    {
        Background = new(24, 25, 28),
        Title = new(18, new(236, 236, 238), TextWeight.SemiBold),
        Subtitle = new(13, new(160, 163, 170)),
        Label = new(12, new(200, 202, 207)),
    };
}
