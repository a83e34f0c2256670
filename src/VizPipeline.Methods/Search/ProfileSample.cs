namespace VizPipeline.Methods.Search;

/// <summary>
/// Which images' activations a tally keeps as they are, so that neurons can be compared by them. It follows from the size of the image
/// set alone: every layer, shard and worker takes the same images, without having to agree on them.
/// </summary>
public static class ProfileSample
{
    /// <summary>Images taken of a larger set: 512 cost 2 kB per neuron.</summary>
    public const int Images = 512;

    /// <summary>The images of a set of <paramref name="count"/> that are taken, ascending and evenly spread; all of a small set.</summary>
    /// <remarks>Sets are sorted by path, mostly by class, so even steps take about as many images of each class.</remarks>
    public static int[] Of(int count)
    {
        var size = Math.Min(Images, count);
        return [.. Enumerable.Range(0, size).Select(place => (int)((long)place * count / size))];
    }

    /// <summary>Whether an image of a set of <paramref name="count"/> is taken.</summary>
    public static bool Has(int image, int count)
    {
        if (image < 0 || image >= count)
            return false;
        var size = Math.Min(Images, count);
        // The first place whose image is not before this one.
        var place = (((long)image * size) + count - 1) / count;
        return place < size && place * count / size == image;
    }
}
