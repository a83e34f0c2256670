namespace VizPipeline.Images;

/// <summary>One cell of a sheet: an image, or nothing, and a line below it.</summary>
public readonly record struct SheetTile(RgbImage? Image, string? Label = null);

/// <summary>Images in a grid with title, labels and legend. Set the properties, then call <see cref="Draw"/>.</summary>
public sealed record Sheet
{
    /// <summary>The images, row by row.</summary>
    public required IReadOnlyList<SheetTile> Tiles { get; init; }

    /// <summary>Number of tiles in a row, at least 1.</summary>
    public required int Columns { get; init; }

    /// <summary>Width of every tile in pixels; images are fitted into it with their aspect ratio kept.</summary>
    public required int TileWidth { get; init; }

    /// <summary>Height of every tile in pixels, without its label.</summary>
    public required int TileHeight { get; init; }

    /// <summary>How images of another size are scaled.</summary>
    /// <value>Bilinear.</value>
    public Scaling Scaling { get; init; } = Scaling.Bilinear;

    /// <summary>The line at the top; empty for none.</summary>
    public string Title { get; init; } = "";

    /// <summary>The line below the title; empty for none.</summary>
    public string Subtitle { get; init; } = "";

    /// <summary>Labels to the left of the rows; empty for none.</summary>
    public IReadOnlyList<string> RowLabels { get; init; } = [];

    /// <summary>Labels above the columns; empty for none.</summary>
    public IReadOnlyList<string> ColumnLabels { get; init; } = [];

    /// <summary>The bar at the bottom; null for none.</summary>
    public ColourLegend? Legend { get; init; }

    /// <summary>Colours, fonts and distances.</summary>
    public SheetStyle Style { get; init; } = new();

    /// <summary>Draws the sheet.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size or the number of columns is below 1.</exception>
    public RgbImage Draw()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Columns, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(TileWidth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(TileHeight, 1);
        var layout = new SheetLayout(this);
        using var canvas = new Canvas(layout.Width, layout.Height, Style.Background);
        DrawHeading(canvas, layout);
        for (var i = 0; i < Tiles.Count; i++)
            DrawTile(canvas, Tiles[i], layout.TileX(i % Columns), layout.TileY(i / Columns));
        Legend?.Draw(canvas, Style.Margin, layout.LegendY, Style.Label);
        return canvas.ToImage();
    }

    private void DrawHeading(Canvas canvas, SheetLayout layout)
    {
        var inner = layout.Width - 2 * Style.Margin;
        canvas.Text(Title, Style.Margin, Style.Margin, inner, Style.Title);
        canvas.Text(Subtitle, Style.Margin, layout.SubtitleY, inner, Style.Subtitle);
        for (var column = 0; column < Math.Min(ColumnLabels.Count, Columns); column++)
            canvas.Text(ColumnLabels[column], layout.TileX(column), layout.ColumnLabelY, TileWidth, Style.Label, TextAlign.Centre);
        for (var row = 0; row < Math.Min(RowLabels.Count, layout.Rows); row++)
        {
            var middle = layout.TileY(row) + (TileHeight - Style.Label.LineHeight) / 2;
            canvas.Text(RowLabels[row], Style.Margin, middle, layout.RowLabelWidth, Style.Label);
        }
    }

    private void DrawTile(Canvas canvas, SheetTile tile, int x, int y)
    {
        if (tile.Image is { } image)
        {
            var (width, height) = Fit(image);
            canvas.Image(image, x + (TileWidth - width) / 2, y + (TileHeight - height) / 2, width, height, Scaling);
        }
        if (tile.Label is { } label)
            canvas.Text(label, x, y + TileHeight + SheetLayout.LabelGap, TileWidth, Style.Label, TextAlign.Centre);
    }

    private (int Width, int Height) Fit(RgbImage image)
    {
        var scale = Math.Min((double)TileWidth / image.Width, (double)TileHeight / image.Height);
        return (Math.Max(1, (int)Math.Round(image.Width * scale)), Math.Max(1, (int)Math.Round(image.Height * scale)));
    }
}
