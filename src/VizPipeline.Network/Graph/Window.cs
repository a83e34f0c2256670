namespace VizPipeline.Network.Graph;

/// <summary>A sliding window along one axis, in input positions: what a convolution or a pooling looks at.</summary>
/// <param name="Kernel">Taps, at least 1.</param>
/// <param name="Stride">Step between neighbouring outputs, at least 1.</param>
/// <param name="PadBefore">Virtual positions before the first one.</param>
/// <param name="PadAfter">Virtual positions after the last one.</param>
/// <param name="Dilation">Distance between neighbouring taps, at least 1.</param>
/// <param name="Ceil">Whether a last window that only partly fits counts (<c>ceil_mode</c>).</param>
public readonly record struct WindowAxis(int Kernel, int Stride = 1, int PadBefore = 0, int PadAfter = 0, int Dilation = 1, bool Ceil = false)
{
    /// <summary>Input positions from the first tap to the last, both included.</summary>
    public int Span => ((Kernel - 1) * Dilation) + 1;

    /// <summary><see cref="Span"/> of numbers that are not checked yet.</summary>
    internal long LongSpan => ((Kernel - 1L) * Dilation) + 1;

    /// <summary>Number of outputs over <paramref name="input"/> positions; 0 or less where the window does not fit.</summary>
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

    /// <summary>Whether some window over <paramref name="input"/> positions reaches outside of them.</summary>
    public bool ReachesOutside(int input) => PadBefore > 0 || ((Over(input) - 1) * Stride) + Span - PadBefore > input;
}

/// <summary>A sliding window over rows and columns.</summary>
public readonly record struct Window(WindowAxis Y, WindowAxis X)
{
    /// <summary>The same window along both axes, padded alike on all sides.</summary>
    public static Window Square(int kernel, int stride = 1, int pad = 0, int dilation = 1, bool ceil = false)
    {
        var axis = new WindowAxis(kernel, stride, pad, pad, dilation, ceil);
        return new Window(axis, axis);
    }

    /// <summary>Whether each side is padded like its opposite, which torch's operators take as they are.</summary>
    public bool IsSymmetric => Y.PadBefore == Y.PadAfter && X.PadBefore == X.PadAfter;

    /// <summary>The same window without padding, for an input whose surroundings are already in place.</summary>
    public Window Unpadded => new(Y with { PadBefore = 0, PadAfter = 0, Ceil = false }, X with { PadBefore = 0, PadAfter = 0, Ceil = false });

    /// <summary>Kernel [h, w].</summary>
    public long[] Kernel => [Y.Kernel, X.Kernel];

    /// <summary>Stride [h, w].</summary>
    public long[] Stride => [Y.Stride, X.Stride];

    /// <summary>Padding before [h, w].</summary>
    public long[] Padding => [Y.PadBefore, X.PadBefore];

    /// <summary>Dilation [h, w].</summary>
    public long[] Dilation => [Y.Dilation, X.Dilation];

    /// <summary>Shape of the map of <paramref name="channels"/> that this window makes of <paramref name="input"/>.</summary>
    /// <exception cref="GraphException">The window is larger than the padded input, or its numbers make no sense.</exception>
    public Shape Over(Shape input, int channels, string node)
    {
        Check(Y, node);
        Check(X, node);
        var (height, width) = (Y.Over(input.Height), X.Over(input.Width));
        CheckPadded(input, node);
        if (height < 1 || width < 1)
            throw new GraphException(node, $"its {Y.Span}x{X.Span} window does not fit on an input of {input.Height}x{input.Width}; try a larger --input-size");
        return new Shape(channels, height, width);
    }

    // Some operators make the padded map.
    private void CheckPadded(Shape input, string node)
    {
        var (height, width) = ((Int128)input.Height + Y.PadBefore + Y.PadAfter + Y.Stride, (Int128)input.Width + X.PadBefore + X.PadAfter + X.Stride);
        if (height * width * input.Channels > GraphBuilder.MaxValues)
            throw new GraphException(node, $"its input of {input} with a border of {Y.PadBefore + Y.PadAfter} rows and {X.PadBefore + X.PadAfter} columns is too large");
    }

    /// <summary>Rows, then columns. Written by hand: the compiler's text would hold <see cref="Unpadded"/>, and so on without end.</summary>
    public override string ToString() => $"{Y} x {X}";

    private static void Check(WindowAxis axis, string node)
    {
        if (axis.Kernel < 1 || axis.Stride < 1 || axis.Dilation < 1 || axis.PadBefore < 0 || axis.PadAfter < 0
            || axis.LongSpan > 1 << 20 || axis.Kernel > 1 << 20 || axis.Stride > 1 << 20 || axis.Dilation > 1 << 20 || axis.PadBefore > 1 << 20 || axis.PadAfter > 1 << 20)
        {
            throw new GraphException(node, $"kernel {axis.Kernel}, stride {axis.Stride}, padding {axis.PadBefore}/{axis.PadAfter}, dilation {axis.Dilation} make no window");
        }
    }
}

/// <summary>How an operator's output positions depend on its input positions: all that receptive fields and regions need to know.</summary>
public abstract record Reach
{
    /// <summary>Each output position depends on the same input position alone.</summary>
    public sealed record Pointwise : Reach;

    /// <summary>Each output position depends on a window of input positions.</summary>
    public sealed record Sliding(Window Window) : Reach;

    /// <summary>Each output depends on all input positions.</summary>
    public sealed record Whole : Reach;

    /// <summary>The one instance of <see cref="Pointwise"/>.</summary>
    public static Reach Point { get; } = new Pointwise();

    /// <summary>The one instance of <see cref="Whole"/>.</summary>
    public static Reach All { get; } = new Whole();
}
