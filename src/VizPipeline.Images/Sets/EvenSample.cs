namespace VizPipeline.Images;

/// <summary>
/// Selects images of a set in even steps. The selection depends only on two numbers, so every layer, shard and worker selects the same
/// images without communication.
/// </summary>
/// <remarks>Sets are sorted by path, usually by class, so even steps select about as many images of each class.</remarks>
public static class EvenSample
{
    /// <summary>Returns <paramref name="size"/> images of a set of <paramref name="count"/>, ascending; all of a smaller set.</summary>
    public static int[] Select(int count, int size)
    {
        var taken = Math.Min(size, count);
        return [.. Enumerable.Range(0, taken).Select(place => (int)((long)place * count / taken))];
    }

    /// <summary>Returns whether <see cref="Select"/> selects an image.</summary>
    public static bool Has(int image, int count, int size)
    {
        if (image < 0 || image >= count)
            return false;
        var taken = Math.Min(size, count);
        // The first entry whose image is not before this one.
        var place = (((long)image * taken) + count - 1) / count;
        return place < taken && place * count / taken == image;
    }
}
