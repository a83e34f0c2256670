namespace VizPipeline.Images;

/// <summary>The positions of a sheet's parts, in pixels. Empty parts take no space.</summary>
internal sealed class SheetLayout
{
    public const int LabelGap = 3;

    private const int LargestRowLabel = 180;

    private readonly Sheet _sheet;
    private readonly int _tilesX;
    private readonly int _tilesY;
    private readonly int _rowHeight;

    public SheetLayout(Sheet sheet)
    {
        _sheet = sheet;
        var style = sheet.Style;
        Rows = (sheet.Tiles.Count + sheet.Columns - 1) / sheet.Columns;
        RowLabelWidth = Math.Min(LargestRowLabel, sheet.RowLabels.Select(style.Label.Measure).DefaultIfEmpty(0).Max());
        _tilesX = style.Margin + (RowLabelWidth > 0 ? RowLabelWidth + style.Margin / 2 : 0);

        SubtitleY = style.Margin + (sheet.Title.Length > 0 ? style.Title.LineHeight : 0);
        var headingEnd = SubtitleY + (sheet.Subtitle.Length > 0 ? style.Subtitle.LineHeight : 0);
        ColumnLabelY = headingEnd > style.Margin ? headingEnd + style.Margin / 2 : headingEnd;
        _tilesY = ColumnLabelY + (sheet.ColumnLabels.Count > 0 ? style.Label.LineHeight + LabelGap : 0);

        // A label is nearer to its own tile than to the one below.
        var labelled = sheet.Tiles.Any(tile => tile.Label is not null);
        _rowHeight = sheet.TileHeight + style.Gap + (labelled ? LabelGap + style.Label.LineHeight + style.Gap : 0);
        var tilesEnd = _tilesY + Math.Max(0, Rows * _rowHeight - style.Gap);
        LegendY = tilesEnd + style.Margin;
        Height = (sheet.Legend is null ? tilesEnd : LegendY + ColourLegend.Height(style.Label)) + style.Margin;
        Width = Math.Max(TileX(sheet.Columns) - style.Gap, style.Margin + (sheet.Legend?.Width(style.Label) ?? 0)) + style.Margin;
    }

    public int Rows { get; }

    public int RowLabelWidth { get; }

    public int SubtitleY { get; }

    public int ColumnLabelY { get; }

    public int LegendY { get; }

    public int Width { get; }

    public int Height { get; }

    public int TileX(int column) => _tilesX + column * (_sheet.TileWidth + _sheet.Style.Gap);

    public int TileY(int row) => _tilesY + row * _rowHeight;
}
