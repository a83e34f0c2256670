namespace VizPipeline.Network.Graph;

/// <summary>
/// The receptive field along one axis: output position p depends on the input pixels [Start + p * Stride, Start + p * Stride + Size),
/// half-open; the interval may extend beyond the input.
/// </summary>
public readonly record struct FieldAxis(int Size, int Stride, int Start)
{
    /// <summary>Returns the half-open interval that output position <paramref name="position"/> depends on.</summary>
    public (int From, int To) At(int position)
    {
        var from = Start + (position * Stride);
        return (from, from + Size);
    }
}

/// <summary>A half-open box [X0, X1) x [Y0, Y1) in pixels of the network's input.</summary>
public readonly record struct Box(int X0, int Y0, int X1, int Y1)
{
    /// <summary>Number of columns.</summary>
    public int Width => X1 - X0;

    /// <summary>Number of rows.</summary>
    public int Height => Y1 - Y0;

    /// <summary>Returns the part of the box inside an input of the given size.</summary>
    public Box Clip(int height, int width) =>
        new(Math.Clamp(X0, 0, width), Math.Clamp(Y0, 0, height), Math.Clamp(X1, 0, width), Math.Clamp(Y1, 0, height));
}

/// <summary>The receptive field of a layer's positions (docs/methods.md, section 1).</summary>
/// <param name="Y">Rows.</param>
/// <param name="X">Columns.</param>
/// <param name="IsWhole">True if every position depends on the whole input, as for fully connected and globally pooled units.</param>
public readonly record struct ReceptiveField(FieldAxis Y, FieldAxis X, bool IsWhole = false)
{
    /// <summary>Creates the field of a unit that depends on all of an input of the given size.</summary>
    public static ReceptiveField Whole(int height, int width) =>
        new(new FieldAxis(height, height, 0), new FieldAxis(width, width, 0), true);

    /// <summary>Returns the unclipped patch of position (<paramref name="y"/>, <paramref name="x"/>).</summary>
    public Box At(int y, int x)
    {
        if (IsWhole)
            return new Box(0, 0, X.Size, Y.Size);
        var (y0, y1) = Y.At(y);
        var (x0, x1) = X.At(x);
        return new Box(x0, y0, x1, y1);
    }
}
