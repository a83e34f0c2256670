using VizPipeline.ActivationStore;
using VizPipeline.Jobs;
using VizPipeline.Network.Graph;

namespace VizPipeline.Worker.Jobs;

/// <summary>Creates the rows of patches.</summary>
internal static class PatchRows
{
    /// <summary>Returns the patch of an image: the receptive field of the position where the neuron is most active.</summary>
    /// <param name="atlas">The atlas.</param>
    /// <param name="layer">Index of the layer.</param>
    /// <param name="channel">The neuron.</param>
    /// <param name="entry">Rank, image, position and activation.</param>
    public static PatchRow Create(AtlasRuntime atlas, int layer, int channel, TopListEntry entry)
    {
        var (place, input) = (atlas.Layer(layer), atlas.Runner.Graph.InputShape);
        var (y, x) = Math.DivRem(entry.Position, place.Shape.Width);
        var box = place.Field.At(y, x);
        return new PatchRow
        {
            Layer = layer,
            Channel = channel,
            Rank = entry.Rank,
            Image = entry.Image,
            Activation = entry.Activation,
            Y = y,
            X = x,
            Box = ToPixels(box),
            Clipped = ToPixels(box.Clip(input.Height, input.Width)),
        };
    }

    private static PixelBox ToPixels(Box box) => new(box.X0, box.Y0, box.X1, box.Y1);
}
