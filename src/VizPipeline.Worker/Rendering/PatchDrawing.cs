using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Deconvolution;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Graph;

namespace VizPipeline.Worker.Rendering;

/// <summary>
/// Draws the nine patches of neurons, and their deconvolutions, as 3x3 pictures without gaps. A cell shows the receptive field, or the
/// whole input if the field is larger. Pixels outside the image are mid-grey.
/// </summary>
internal sealed class PatchDrawing
{
    private readonly AtlasRuntime _atlas;
    private readonly int _firstChannel;
    private readonly int _cellWidth;
    private readonly int _cellHeight;
    private readonly bool _wholeX;
    private readonly bool _wholeY;

    public PatchDrawing(AtlasRuntime atlas, int layer, int firstChannel, int endChannel)
    {
        (_atlas, _firstChannel) = (atlas, firstChannel);
        var (field, input) = (atlas.Layer(layer).Field, atlas.Runner.Graph.InputShape);
        (_wholeX, _wholeY) = (field.IsWhole || field.X.Size >= input.Width, field.IsWhole || field.Y.Size >= input.Height);
        (_cellWidth, _cellHeight) = (_wholeX ? input.Width : field.X.Size, _wholeY ? input.Height : field.Y.Size);
        Patches = new RgbImage?[endChannel - firstChannel];
        Deconvolutions = new RgbImage?[endChannel - firstChannel];
    }

    /// <summary>One 3x3 picture of patches per neuron; null if the neuron has no patch.</summary>
    public RgbImage?[] Patches { get; }

    /// <summary>One 3x3 picture of deconvolutions per neuron; null if the neuron has no patch.</summary>
    public RgbImage?[] Deconvolutions { get; }

    /// <summary>Returns the width and height of a cell of a 3x3 picture.</summary>
    public static (int Width, int Height) CellOf(RgbImage? picture) => picture is null ? (0, 0) : (picture.Width / 3, picture.Height / 3);

    /// <summary>Copies the original pixels of a patch.</summary>
    public void DrawPatch(PatchRow patch, ReadOnlySpan<byte> crop)
    {
        var (target, cell, window) = Place(Patches, patch);
        var visible = window.Clip(_atlas.Preprocessing.CropHeight, _atlas.Preprocessing.CropWidth);
        for (var y = visible.Y0; y < visible.Y1; y++)
        {
            var row = target.Row(cell.Y0 + y - window.Y0);
            _atlas.Preprocessing.CopyPixels(crop, visible.X0, y, row.Slice((cell.X0 + visible.X0 - window.X0) * 3, visible.Width * 3));
        }
    }

    /// <summary>Draws a signal with zero as mid-grey (docs/methods.md, section 2).</summary>
    public void DrawDeconvolution(PatchRow patch, BackProjected result, int sample)
    {
        RgbImage target;
        Box cell, window;
        lock (Deconvolutions)
            (target, cell, window) = Place(Deconvolutions, patch);
        var signal = PixelScales.ToRgb(result.Cut(sample, window), _atlas.Preprocessing);
        var picture = SignedDisplay.Render(signal, window.Width, window.Height);
        for (var y = 0; y < picture.Height; y++)
            picture.Row(y).CopyTo(target.Row(cell.Y0 + y)[(cell.X0 * 3)..]);
    }

    private (RgbImage Target, Box Cell, Box Window) Place(RgbImage?[] pictures, PatchRow patch)
    {
        var target = pictures[patch.Channel - _firstChannel] ??= Blank();
        var (row, column) = Math.DivRem(patch.Rank - 1, 3);
        var cell = new Box(column * _cellWidth, row * _cellHeight, (column + 1) * _cellWidth, (row + 1) * _cellHeight);
        var (x0, y0) = (_wholeX ? 0 : patch.Box.X0, _wholeY ? 0 : patch.Box.Y0);
        return (target, cell, new Box(x0, y0, x0 + _cellWidth, y0 + _cellHeight));
    }

    private RgbImage Blank()
    {
        var picture = new RgbImage(_cellWidth * 3, _cellHeight * 3);
        Array.Fill(picture.Pixels, (byte)128);
        return picture;
    }
}
