namespace VizPipeline.Jobs;

/// <summary>Which activations of the pass over the images are kept.</summary>
/// <param name="Images">Number of images whose activations are kept: all of them, or an even sample; 0 for none.</param>
/// <param name="Positions">Whether the positions of the maxima are kept, too.</param>
public sealed record KeepSpec(int Images, bool Positions = false)
{
    /// <summary>The space that activations may take by default: 4 GiB.</summary>
    public const long Budget = 4L << 30;

    /// <summary>The smallest even sample that is kept by default, whatever it takes.</summary>
    public const int LeastImages = 512;

    /// <summary>Chooses by default: all images while they fit <see cref="Budget"/>, else as large an even sample as fits.</summary>
    /// <param name="images">Number of images.</param>
    /// <param name="neurons">Number of neurons of all layers.</param>
    /// <param name="positions">Whether positions are kept, which take as much space again.</param>
    public static KeepSpec Choose(int images, long neurons, bool positions)
    {
        var perImage = Math.Max(1, neurons * BytesPerNeuron(positions));
        return new KeepSpec((int)Math.Min(images, Math.Max(LeastImages, Budget / perImage)), positions);
    }

    /// <summary>Estimates the space of all layers in bytes.</summary>
    public long Bytes(long neurons) => Images * neurons * BytesPerNeuron(Positions);

    private static int BytesPerNeuron(bool positions) => positions ? 4 : 2;
}
