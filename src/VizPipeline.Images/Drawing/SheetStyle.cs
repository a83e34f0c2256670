namespace VizPipeline.Images;

/// <summary>How a sheet looks. The defaults are calm: off-white paper, dark grey letters, tiles that touch nothing.</summary>
public sealed record SheetStyle
{
    /// <summary>Behind everything.</summary>
    public Rgb Background { get; init; } = new(250, 250, 248);

    /// <summary>The line at the top.</summary>
    public TextStyle Title { get; init; } = new(18, new(32, 33, 36), TextWeight.SemiBold);

    /// <summary>The line below the title.</summary>
    public TextStyle Subtitle { get; init; } = new(13, new(95, 99, 104));

    /// <summary>Below tiles, beside rows, on the legend.</summary>
    public TextStyle Label { get; init; } = new(12, new(60, 64, 67));

    /// <summary>Pixels around everything.</summary>
    public int Margin { get; init; } = 16;

    /// <summary>Pixels between tiles.</summary>
    public int Gap { get; init; } = 6;

    /// <summary>Light letters on a dark ground.</summary>
    public static SheetStyle Dark { get; } = new()
    {
        Background = new(24, 25, 28),
        Title = new(18, new(236, 236, 238), TextWeight.SemiBold),
        Subtitle = new(13, new(160, 163, 170)),
        Label = new(12, new(200, 202, 207)),
    };
}
