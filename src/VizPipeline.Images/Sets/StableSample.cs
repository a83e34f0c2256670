namespace VizPipeline.Images;

/// <summary>
/// Selects images of a set by the hashes of their indices. The selection depends only on two numbers, as that of <see cref="EvenSample"/>.
/// When images are added to the set, new ones take the places of some that were selected, and no other image comes in.
/// </summary>
public static class StableSample
{
    /// <summary>
    /// Returns the <paramref name="size"/> images of a set of <paramref name="count"/> with the smallest hashes, ascending; all of a
    /// smaller set. The hash is the first number of <see cref="SplitMix"/> with seed 0 and the image as its stream; of equal ones the
    /// smaller image comes first.
    /// </summary>
    public static int[] Select(int count, int size)
    {
        if (size >= count)
            return [.. Enumerable.Range(0, count)];
        // The largest hash comes out first, so that the smallest ones stay.
        var chosen = new PriorityQueue<int, (double, int)>(Comparer<(double, int)>.Create((one, other) => other.CompareTo(one)));
        for (var image = 0; image < count && size > 0; image++)
        {
            var hash = (new SplitMix(seed: 0, stream: image).Uniform(), image);
            if (chosen.Count < size)
                chosen.Enqueue(image, hash);
            else
                chosen.EnqueueDequeue(image, hash);
        }
        return [.. chosen.UnorderedItems.Select(item => item.Element).Order()];
    }
}
