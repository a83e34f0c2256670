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
    /// <remarks>Sets are sorted by path, usually by class, so even steps select about as many images of each class.</remarks>
    public static int[] Select(int count)
    {
        var size = Math.Min(Images, count);
        return [.. Enumerable.Range(0, size).Select(place => (int)((long)place * count / size))];
    }

    /// <summary>Returns whether an image of a set of <paramref name="count"/> is selected.</summary>
    public static bool Has(int image, int count)
    {
        if (image < 0 || image >= count)
            return false;
        var size = Math.Min(Images, count);
        // The first entry whose image is not before this one.
        var place = (((long)image * size) + count - 1) / count;
        return place < size && place * count / size == image;
    }
}
