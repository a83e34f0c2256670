using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>Explicit borders, for windows whose sides are padded unequally (torch's operators pad both sides alike).</summary>
internal static class WindowPadding
{
    /// <summary>Puts the window's borders of <paramref name="value"/> around maps [N, C, H, W].</summary>
    public static torch.Tensor Pad(torch.Tensor maps, Window window, double value) =>
        torch.nn.functional.pad(maps, [window.X.PadBefore, window.X.PadAfter, window.Y.PadBefore, window.Y.PadAfter], value: value);

    /// <summary>Cuts the borders off again; what was signalled to them is lost, as it must be.</summary>
    public static torch.Tensor Unpad(torch.Tensor maps, Window window, long height, long width) =>
        maps.narrow(2, window.Y.PadBefore, height).narrow(3, window.X.PadBefore, width);
}
