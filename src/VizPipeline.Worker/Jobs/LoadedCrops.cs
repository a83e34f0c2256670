using VizPipeline.Images;

namespace VizPipeline.Worker.Jobs;

/// <summary>Loads the images of a batch of samples.</summary>
internal static class LoadedCrops
{
    /// <summary>Loads each image once.</summary>
    /// <param name="atlas">The atlas.</param>
    /// <param name="images">The image of each sample, by index.</param>
    /// <returns>The crops, one after the other, and the place of each sample's image among them.</returns>
    /// <exception cref="AggregateException">An image that the search could read is unreadable now.</exception>
    public static (byte[] Crops, int[] Slots) Load(AtlasRuntime atlas, IReadOnlyList<int> images)
    {
        var distinct = images.Distinct().ToArray();
        var slot = distinct.Select((image, i) => (image, i)).ToDictionary(pair => pair.image, pair => pair.i);
        var crops = new byte[distinct.Length * atlas.Preprocessing.CropBytes];
        Parallel.For(0, distinct.Length, i =>
        {
            var result = atlas.Crops.Get(distinct[i]);
            if (result.Crop is null)
                throw new UnreadableImageException(
                    atlas.Images.Images[distinct[i]].Path,
                    $"{result.Unreadable}, but it could be read when the image set was searched: put it back and retry");
            result.Crop.CopyTo(crops.AsSpan(i * atlas.Preprocessing.CropBytes));
        });
        return (crops, [.. images.Select(image => slot[image])]);
    }
}
