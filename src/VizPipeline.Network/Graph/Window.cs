namespace VizPipeline.Network.Graph;

/// <summary>A sliding window along one axis, in input positions, as of a convolution or a pooling.</summary>
/// <param name="Kernel">Number of taps, at least 1.</param>
/// <param name="Stride">Step between neighbouring outputs, at least 1.</param>
/// <param name="PadBefore">Padding before the first position.</param>
/// <param name="PadAfter">Padding after the last position.</param>
/// <param name="Dilation">Distance between neighbouring taps, at least 1.</param>
/// <param name="Ceil">Whether a last window that fits only partly counts (<c>ceil_mode</c>).</param>
public readonly record struct WindowAxis(
    int Kernel, int Stride = 1, int PadBefore = 0, int PadAfter = 0, int Dilation = 1, bool Ceil = false)
{
    /// <summary>Number of input positions from the first tap to the last, both included.</summary>
    public int Span => ((Kernel - 1) * Dilation) + 1;

    /// <summary><see cref="Span"/> without overflow, for values that are not checked yet.</summary>
    internal long LongSpan => ((Kernel - 1L) * Dilation) + 1;

    /// <summary>Returns the number of outputs over <paramref name="input"/> positions; 0 or less if the window does not fit.</summary>
    public int Over(int input)
    {
        var room = (long)input + PadBefore + PadAfter - Span;
        if (room < 0)
            return 0;
        var output = (Ceil ? (room + Stride - 1) / Stride : room / Stride) + 1;
        // As in PyTorch: a window that would start in the padding after the end is dropped.
        if (Ceil && (output - 1) * Stride >= input + PadBefore)
            output--;
        return (int)output;
    }

    /// <summary>Returns whether any window over <paramref name="input"/> positions reaches outside of them.</summary>
    public bool ReachesOutside(int input) => PadBefore > 0 || ((Over(input) - 1) * Stride) + Span - PadBefore > input;
}

/// <summary>A sliding window over rows and columns.</summary>
public readonly record struct Window(WindowAxis Y, WindowAxis X)
{
    /// <summary>Creates the same window along both axes, padded equally on all sides.</summary>
    public static Window Square(int kernel, int stride = 1, int pad = 0, int dilation = 1, bool ceil = false)
    {
        var axis = new WindowAxis(kernel, stride, pad, pad, dilation, ceil);
        return new Window(axis, axis);
    }

    /// <summary>Whether opposite sides have the same padding, which torch's operators accept directly.</summary>
    public bool IsSymmetric => Y.PadBefore == Y.PadAfter && X.PadBefore == X.PadAfter;

    /// <summary>The same window without padding, for an input that already includes its surroundings.</summary>
    public Window Unpadded =>
        new(Y with { PadBefore = 0, PadAfter = 0, Ceil = false }, X with { PadBefore = 0, PadAfter = 0, Ceil = false });

    /// <summary>Kernel [h, w].</summary>
    public long[] Kernel => [Y.Kernel, X.Kernel];

    /// <summary>Stride [h, w].</summary>
    public long[] Stride => [Y.Stride, X.Stride];

    /// <summary>Padding before [h, w].</summary>
    public long[] Padding => [Y.PadBefore, X.PadBefore];

    /// <summary>Dilation [h, w].</summary>
    public long[] Dilation => [Y.Dilation, X.Dilation];

    /// <summary>
    /// Returns the shape of the map with <paramref name="channels"/> channels that this window computes from <paramref name="input"/>.
    /// </summary>
    /// <exception cref="GraphException">The window is larger than the padded input, or its numbers are invalid.</exception>
    public Shape Over(Shape input, int channels, string node)
    {
        Check(Y, node);
        Check(X, node);
        var (height, width) = (Y.Over(input.Height), X.Over(input.Width));
        CheckPadded(input, node);
        if (height < 1 || width < 1)
        {
            throw new GraphException(
                node,
                $"its {Y.Span}x{X.Span} window does not fit on an input of {input.Height}x{input.Width}; try a larger --input-size");
        }
        return new Shape(channels, height, width);
    }

    // Some operators allocate the padded map.
    private void CheckPadded(Shape input, string node)
    {
        var (height, width) = ((Int128)input.Height + Y.PadBefore + Y.PadAfter + Y.Stride,
            (Int128)input.Width + X.PadBefore + X.PadAfter + X.Stride);
        if (height * width * input.Channels > GraphBuilder.MaxValues)
        {
            throw new GraphException(
                node,
                $"its input of {input} with a border of {Y.PadBefore + Y.PadAfter} rows "
                + $"and {X.PadBefore + X.PadAfter} columns is too large");
        }
    }

    /// <summary>Returns rows, then columns. Hand-written, because the generated text would include <see cref="Unpadded"/>
    /// endlessly.</summary>
    public override string ToString() => $"{Y} x {X}";

    private static void Check(WindowAxis axis, string node)
    {
        if (axis.Kernel < 1 || axis.Stride < 1 || axis.Dilation < 1 || axis.PadBefore < 0 || axis.PadAfter < 0
            || axis.LongSpan > 1 << 20 || axis.Kernel > 1 << 20 || axis.Stride > 1 << 20 || axis.Dilation > 1 << 20
            || axis.PadBefore > 1 << 20 || axis.PadAfter > 1 << 20)
        {
            throw new GraphException(
                node,
                $"kernel {axis.Kernel}, stride {axis.Stride}, padding {axis.PadBefore}/{axis.PadAfter}, dilation {axis.Dilation} "
                + "do not form a valid window");
        }
    }
}

/// <summary>How an operator's output positions depend on its input positions. Receptive fields and regions are derived from this.</summary>
public abstract record Reach
{
    /// <summary>Each output position depends only on the same input position.</summary>
    public sealed record Pointwise : Reach;

    /// <summary>Each output position depends on a window of input positions.</summary>
    public sealed record Sliding(Window Window) : Reach;

    /// <summary>Each output depends on all input positions.</summary>
    public sealed record Whole : Reach;

    /// <summary>The shared instance of <see cref="Pointwise"/>.</summary>
    public static Reach Point { get; } = new Pointwise();

    /// <summary>The shared instance of <see cref="Whole"/>.</summary>
    public static Reach All { get; } = new Whole();
}
