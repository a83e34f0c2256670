using VizPipeline.Images;

namespace VizPipeline.Methods.Search;

/// <summary>
/// Selects the images whose activations a tally keeps, so that neurons can be compared by them. The selection depends only on the size of
/// the image set: every layer, shard and worker selects the same images without communication.
/// </summary>
public static class ProfileSample
{
    /// <summary>Number of images selected from a larger set: 512 cost 2 kB per neuron.</summary>
    public const int Images = 512;

    /// <summary>
    /// Returns the selected images of a set of <paramref name="count"/>, ascending and evenly spread; all images of a small set.
    /// </summary>
    public static int[] Select(int count) => EvenSample.Select(count, Images);

    /// <summary>
    /// Returns the selected images of a set to which images may be added (<see cref="StableSample"/>), ascending; all images of a small
    /// set.
    /// </summary>
    public static int[] SelectStable(int count) => StableSample.Select(count, Images);

    /// <summary>Returns whether an image of a set of <paramref name="count"/> is selected.</summary>
    public static bool Has(int image, int count) => EvenSample.Has(image, count, Images);
}
