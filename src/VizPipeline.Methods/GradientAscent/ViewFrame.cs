namespace VizPipeline.Methods.GradientAscent;

/// <summary>
/// The part of an image that one view shows: a rectangle in the image's pixels, stretched to the view, after a rotation about the image's
/// centre.
/// </summary>
/// <param name="Height">Number of rows of the image.</param>
/// <param name="Width">Number of columns of the image.</param>
/// <param name="PixelFactor">Pixels of this image per pixel of the standard input.</param>
internal record struct ViewFrame(int Height, int Width, double PixelFactor)
{
    /// <summary>Top edge of the rectangle.</summary>
    public double Top { get; private set; } = 0;

    /// <summary>Left edge of the rectangle.</summary>
    public double Left { get; private set; } = 0;

    /// <summary>Number of rows of the rectangle.</summary>
    public double Rows { get; private set; } = Height;

    /// <summary>Number of columns of the rectangle.</summary>
    public double Columns { get; private set; } = Width;

    /// <summary>Rotation in degrees.</summary>
    public double Degrees { get; set; } = 0;

    /// <summary>Adds a border on all sides.</summary>
    public void Grow(double pixels)
    {
        var border = pixels * PixelFactor;
        (Top, Left, Rows, Columns) = (Top - border, Left - border, Rows + (2 * border), Columns + (2 * border));
    }

    /// <summary>
    /// Moves the rectangle by whole pixels, up to half of <paramref name="pixels"/> in either direction; 0 to 1 select the offset.
    /// </summary>
    public void Move(double pixels, double down, double right)
    {
        var half = Math.Round(pixels * PixelFactor / 2);
        double Offset(double share) => Math.Floor(share * ((2 * half) + 1)) - half;
        (Top, Left) = (Top + Offset(down), Left + Offset(right));
    }

    /// <summary>Enlarges the visible part about its centre.</summary>
    public void Enlarge(double factor)
    {
        var (rows, columns) = (Rows / factor, Columns / factor);
        (Top, Left, Rows, Columns) = (Top + ((Rows - rows) / 2), Left + ((Columns - columns) / 2), rows, columns);
    }

    /// <summary>Crops to a share of both sides; the corner is given relative to them.</summary>
    public void CropTo(double side, double down, double right) =>
        (Top, Left, Rows, Columns) = (Top + (down * Rows), Left + (right * Columns), Rows * side, Columns * side);
}
