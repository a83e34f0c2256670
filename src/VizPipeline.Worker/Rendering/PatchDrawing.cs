using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Deconvolution;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Graph;

namespace VizPipeline.Worker.Rendering;

/// <summary>
/// Draws the nine patches of neurons, and their deconvolutions, as 3x3 pictures with gutters. A cell shows the receptive field, or the
/// whole input if the field is larger. What lies outside the image is hatched.
/// </summary>
internal sealed class PatchDrawing
{
    private readonly AtlasRuntime _atlas;
    private readonly int _firstChannel;
    private readonly PatchMosaic _mosaic;
    private readonly bool _wholeX;
    private readonly bool _wholeY;

    public PatchDrawing(AtlasRuntime atlas, int layer, int firstChannel, int endChannel)
    {
        (_atlas, _firstChannel) = (atlas, firstChannel);
        var (field, input) = (atlas.Layer(layer).Field, atlas.Runner.Graph.InputShape);
        (_wholeX, _wholeY) = (field.IsWhole || field.X.Size >= input.Width, field.IsWhole || field.Y.Size >= input.Height);
        _mosaic = new PatchMosaic(_wholeX ? input.Width : field.X.Size, _wholeY ? input.Height : field.Y.Size);
        Patches = new RgbImage?[endChannel - firstChannel];
        Deconvolutions = new RgbImage?[endChannel - firstChannel];
    }

    /// <summary>One 3x3 picture of patches per neuron; null if the neuron has no patch.</summary>
    public RgbImage?[] Patches { get; }

    /// <summary>One 3x3 picture of deconvolutions per neuron; null if the neuron has no patch.</summary>
    public RgbImage?[] Deconvolutions { get; }

    /// <summary>Copies the original pixels of a patch.</summary>
    public void DrawPatch(PatchRow patch, ReadOnlySpan<byte> crop)
    {
        var (target, window) = (FindTarget(Patches, patch), WindowOf(patch));
        var (visible, corner) = (FindVisible(target, patch, window), _mosaic.CornerOf(patch.Rank));
        for (var y = visible.Y0; y < visible.Y1; y++)
        {
            var row = target.Row(corner.Y + y - window.Y0);
            _atlas.Preprocessing.CopyPixels(crop, visible.X0, y, row.Slice((corner.X + visible.X0 - window.X0) * 3, visible.Width * 3));
        }
    }

    /// <summary>Draws a signal with zero as mid-grey (docs/methods.md, section 2).</summary>
    /// <returns>The effective field of the patch, in pixels of the input.</returns>
    public PixelBox DrawDeconvolution(PatchRow patch, BackProjected result, int sample)
    {
        RgbImage target;
        lock (Deconvolutions)
            target = FindTarget(Deconvolutions, patch);
        var window = WindowOf(patch);
        var (visible, corner) = (FindVisible(target, patch, window), _mosaic.CornerOf(patch.Rank));
        var signal = PixelScales.ToRgb(result.Cut(sample, window), _atlas.Preprocessing);
        var picture = SignedDisplay.Render(signal, window.Width, window.Height);
        var (from, to) = (visible.X0 - window.X0, visible.X1 - window.X0);
        for (var y = visible.Y0 - window.Y0; y < visible.Y1 - window.Y0; y++)
            picture.Row(y)[(from * 3)..(to * 3)].CopyTo(target.Row(corner.Y + y)[((corner.X + from) * 3)..]);
        var crop = EffectiveField.Find(signal, window, visible);
        return new PixelBox(crop.X0, crop.Y0, crop.X1, crop.Y1);
    }

    private RgbImage FindTarget(RgbImage?[] pictures, PatchRow patch) => pictures[patch.Channel - _firstChannel] ??= _mosaic.CreateBlank();

    private Box WindowOf(PatchRow patch)
    {
        var (x0, y0) = (_wholeX ? 0 : patch.Box.X0, _wholeY ? 0 : patch.Box.Y0);
        return new Box(x0, y0, x0 + _mosaic.CellWidth, y0 + _mosaic.CellHeight);
    }

    // Returns the part of the window inside the image and hatches the cell if there is another.
    private Box FindVisible(RgbImage target, PatchRow patch, Box window)
    {
        var visible = window.Clip(_atlas.Preprocessing.CropHeight, _atlas.Preprocessing.CropWidth);
        if (visible != window)
            _mosaic.Hatch(target, patch.Rank);
        return visible;
    }
}
