using System.Text.Json.Serialization;

namespace VizPipeline.Jobs;

/// <summary>The result of <see cref="MergeLayer"/>: every neuron of a layer and its top patches.</summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Neurons">One row per channel, in order.</param>
/// <param name="Patches">By channel, then rank.</param>
public sealed record LayerTable(int Layer, IReadOnlyList<NeuronRow> Neurons, IReadOnlyList<PatchRow> Patches)
{
    /// <summary>Number of images that it was made of, see <see cref="IImagesCommand.Images"/>; 0 in older tables.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Images { get; init; }
}

/// <summary>The statistics of one neuron.</summary>
public sealed class NeuronRow : NeuronFacts
{
    /// <summary>Index of the layer.</summary>
    public required int Layer { get; init; }

    /// <summary>The channel.</summary>
    public required int Channel { get; init; }
}

/// <summary>One of a neuron's top patches.</summary>
public sealed record PatchRow
{
    /// <summary>Index of the layer.</summary>
    public required int Layer { get; init; }

    /// <summary>The channel.</summary>
    public required int Channel { get; init; }

    /// <summary>Rank from 1, the largest activation, to 9.</summary>
    public required int Rank { get; init; }

    /// <summary>Index of the image in the image list.</summary>
    public required int Image { get; init; }

    /// <summary>The activation.</summary>
    public required float Activation { get; init; }

    /// <summary>Row of the position in the layer's map.</summary>
    public required int Y { get; init; }

    /// <summary>Column of the position in the layer's map.</summary>
    public required int X { get; init; }

    /// <summary>The receptive field of the position in input pixels; it may extend beyond the image.</summary>
    public required PixelBox Box { get; init; }

    /// <summary>The box, clipped to the image.</summary>
    public required PixelBox Clipped { get; init; }
}

/// <summary>A half-open box of input pixels, [X0, X1) x [Y0, Y1).</summary>
/// <param name="X0">Left edge.</param>
/// <param name="Y0">Top edge.</param>
/// <param name="X1">Right edge, exclusive.</param>
/// <param name="Y1">Bottom edge, exclusive.</param>
public sealed record PixelBox(int X0, int Y0, int X1, int Y1)
{
    /// <summary>
    /// Returns a crop of a patch in pixels of its cell in the 3x3 pictures, which shows the receptive field, or the whole input where the
    /// field is at least as large.
    /// </summary>
    /// <param name="box">The patch's receptive field.</param>
    /// <param name="crop">The crop, in input pixels.</param>
    /// <param name="inputWidth">Width of the network's input.</param>
    /// <param name="inputHeight">Height of the network's input.</param>
    public static System.Drawing.Rectangle ToCell(PixelBox box, PixelBox crop, int inputWidth, int inputHeight)
    {
        ArgumentNullException.ThrowIfNull(box);
        ArgumentNullException.ThrowIfNull(crop);
        var (x0, y0) = (box.X1 - box.X0 >= inputWidth ? 0 : box.X0, box.Y1 - box.Y0 >= inputHeight ? 0 : box.Y0);
        return System.Drawing.Rectangle.FromLTRB(crop.X0 - x0, crop.Y0 - y0, crop.X1 - x0, crop.Y1 - y0);
    }
}
