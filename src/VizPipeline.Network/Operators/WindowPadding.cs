using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>Explicit padding for windows whose sides are padded unequally (torch's operators pad both sides equally).</summary>
internal static class WindowPadding
{
    /// <summary>Pads maps [N, C, H, W] with the window's borders, filled with <paramref name="value"/>.</summary>
    public static torch.Tensor Pad(torch.Tensor maps, Window window, double value) =>
        torch.nn.functional.pad(maps, [window.X.PadBefore, window.X.PadAfter, window.Y.PadBefore, window.Y.PadAfter], value: value);

    /// <summary>Removes the borders again and discards their signal.</summary>
    public static torch.Tensor Unpad(torch.Tensor maps, Window window, long height, long width) =>
        maps.narrow(2, window.Y.PadBefore, height).narrow(3, window.X.PadBefore, width);

    /// <summary>Returns the rows and columns that the last windows need beyond the map's end.</summary>
    public static (long Below, long Right) Overhang(Stage stage, Window window)
    {
        var (input, output) = (stage.InputShapes[0], stage.Node.Shape);
        return (Math.Max(0, ((output.Height - 1L) * window.Y.Stride) + window.Y.Span - window.Y.PadBefore - input.Height),
            Math.Max(0, ((output.Width - 1L) * window.X.Stride) + window.X.Span - window.X.PadBefore - input.Width));
    }

    /// <summary>Pads whole maps so that all windows fit, including those that fit only partly (<c>ceil_mode</c>).</summary>
    public static torch.Tensor PadWhole(Stage stage, torch.Tensor maps, Window window, double value)
    {
        var (below, right) = Overhang(stage, window);
        return window.Y.PadBefore == 0 && window.X.PadBefore == 0 && below == 0 && right == 0
            ? maps : torch.nn.functional.pad(maps, [window.X.PadBefore, right, window.Y.PadBefore, below], value: value);
    }

    /// <summary>
    /// Converts a signal on the padded map to one on the operator's input: removes borders, adds zeros where no window looked.
    /// </summary>
    public static torch.Tensor UnpadWhole(Stage stage, torch.Tensor spread, Window window)
    {
        var (height, width) = (stage.SeenShape[2], stage.SeenShape[3]);
        var (padY, padX) = stage.IsRegion ? (0, 0) : (window.Y.PadBefore, window.X.PadBefore);
        var (missingY, missingX) = (padY + height - spread.shape[2], padX + width - spread.shape[3]);
        if (missingY > 0 || missingX > 0)
            spread = torch.nn.functional.pad(spread, [0, Math.Max(0, missingX), 0, Math.Max(0, missingY)]);
        return spread.narrow(2, padY, height).narrow(3, padX, width);
    }
}
