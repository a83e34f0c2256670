using System.Drawing;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace VizPipeline.Images;

/// <summary>
/// The layout of a picture of nine cells in three rows, by rank from the upper left, with gutters between them. Cells keep their pixels, so
/// that each can be cut out again.
/// </summary>
/// <param name="CellWidth">Width of a cell in pixels.</param>
/// <param name="CellHeight">Height of a cell in pixels.</param>
/// <param name="Gutter">Pixels between two cells.</param>
[method: JsonConstructor]
public sealed record PatchMosaic(int CellWidth, int CellHeight, int Gutter)
{
    /// <summary>Creates the layout of new pictures.</summary>
    public PatchMosaic(int cellWidth, int cellHeight) : this(cellWidth, cellHeight, DefaultGutter)
    {
    }

    /// <summary>Cells per row and per column.</summary>
    public const int Cells = 3;

    private const int DefaultGutter = 2;
    private static readonly Rgb Ground = Rgb.Grey(250);
    private static readonly Rgb HatchDark = Rgb.Grey(198);
    private static readonly Rgb HatchLight = Rgb.Grey(226);

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Cells per row, for readers of the recorded layout.</summary>
    public int Columns { get; init; } = Cells;

    /// <summary>Cells per column, for readers of the recorded layout.</summary>
    public int Rows { get; init; } = Cells;

    /// <summary>Width of the picture in pixels.</summary>
    [JsonIgnore]
    public int Width => (Cells * CellWidth) + (2 * Gutter);

    /// <summary>Height of the picture in pixels.</summary>
    [JsonIgnore]
    public int Height => (Cells * CellHeight) + (2 * Gutter);

    /// <summary>Reads what <see cref="ToJson"/> wrote; null if it is no layout. One without a gutter is of an older version.</summary>
    public static PatchMosaic? FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<PatchMosaic>(json, Json) is { CellWidth: > 0, CellHeight: > 0, Gutter: >= 0 } layout
                ? layout : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Returns the layout of a stored picture. Atlases of older versions have no gutters.</summary>
    public static PatchMosaic Detect(RgbImage picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        // Three cells and two gutters leave a remainder; three cells without gutters do not.
        var gutter = picture.Width % Cells == 0 ? 0 : DefaultGutter;
        return new PatchMosaic((picture.Width - (2 * gutter)) / Cells, (picture.Height - (2 * gutter)) / Cells, gutter);
    }

    /// <summary>Creates an empty picture.</summary>
    public RgbImage CreateBlank()
    {
        var picture = new RgbImage(Width, Height);
        Array.Fill(picture.Pixels, Ground.R);
        return picture;
    }

    /// <summary>Writes the layout as it is recorded with a picture, <c>{"cell_width":8,"cell_height":5,"gutter":2, ...}</c>.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Returns the upper left corner of a cell.</summary>
    /// <param name="rank">Rank of the patch, from 1 to 9.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such rank.</exception>
    public Point CornerOf(int rank)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rank, Cells * Cells);
        var (row, column) = Math.DivRem(rank - 1, Cells);
        return new(column * (CellWidth + Gutter), row * (CellHeight + Gutter));
    }

    /// <summary>Fills a cell with the hatching that stands for what lies outside the image.</summary>
    public void Hatch(RgbImage picture, int rank)
    {
        ArgumentNullException.ThrowIfNull(picture);
        var corner = CornerOf(rank);
        for (var y = 0; y < CellHeight; y++)
            for (var x = 0; x < CellWidth; x++)
                picture[corner.X + x, corner.Y + y] = (x + y) % 6 < 2 ? HatchDark : HatchLight;
    }

    /// <summary>Cuts out a cell.</summary>
    /// <param name="picture">A picture of this layout.</param>
    /// <param name="rank">Rank of the patch, from 1 to 9.</param>
    /// <param name="crop">A part of the cell, in its pixels; what lies outside the cell is ignored. Null for all of it.</param>
    public RgbImage Cut(RgbImage picture, int rank, Rectangle? crop = null)
    {
        ArgumentNullException.ThrowIfNull(picture);
        var (corner, cell) = (CornerOf(rank), new Rectangle(0, 0, CellWidth, CellHeight));
        var part = crop is { } asked ? Rectangle.Intersect(asked, cell) : cell;
        if (part.Width < 1 || part.Height < 1)
            part = cell;
        return picture.Crop(corner.X + part.X, corner.Y + part.Y, part.Width, part.Height);
    }

    /// <summary>Draws the cells' crops, each enlarged or reduced to the same size, with gutters.</summary>
    /// <param name="picture">A picture of this layout.</param>
    /// <param name="crops">The crop of each rank; null, or missing at the end, for the whole cell.</param>
    /// <param name="size">The longer edge of the drawing.</param>
    /// <param name="isSigned">
    /// Whether the cells show signed signals. Reducing them averages light and dark, so their contrast is restored.
    /// </param>
    public RgbImage DrawCrops(RgbImage picture, IReadOnlyList<Rectangle?> crops, int size, bool isSigned)
    {
        ArgumentNullException.ThrowIfNull(crops);
        var side = Math.Max(1, (size - (2 * DefaultGutter)) / Cells);
        using var canvas = new Canvas((Cells * side) + (2 * DefaultGutter), (Cells * side) + (2 * DefaultGutter), Ground);
        for (var rank = 1; rank <= Cells * Cells; rank++)
        {
            var part = Fit(Cut(picture, rank, rank <= crops.Count ? crops[rank - 1] : null), side);
            if (isSigned)
                part = SignedDisplay.RestoreContrast(part);
            var (row, column) = Math.DivRem(rank - 1, Cells);
            var (left, top) = (column * (side + DefaultGutter), row * (side + DefaultGutter));
            canvas.Image(part, left + ((side - part.Width) / 2), top + ((side - part.Height) / 2));
        }
        return canvas.ToImage();
    }

    /// <summary>Scales a picture so that its longer edge has the given length.</summary>
    public static RgbImage Fit(RgbImage picture, int size)
    {
        ArgumentNullException.ThrowIfNull(picture);
        var scale = (double)size / Math.Max(picture.Width, picture.Height);
        var (width, height) = (Math.Max(1, (int)Math.Round(picture.Width * scale)), Math.Max(1, (int)Math.Round(picture.Height * scale)));
        return Canvas.Scale(picture, width, height, scale >= 1 ? Scaling.Nearest : Scaling.Bilinear);
    }
}
