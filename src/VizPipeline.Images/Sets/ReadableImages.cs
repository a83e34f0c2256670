namespace VizPipeline.Images;

/// <summary>Finds out before a long pass whether an image set can be read at all.</summary>
public static class ReadableImages
{
    // Spread over the set; one is enough, and nearly always the first.
    private const int MostTries = 100;
    private const int MostNamed = 3;

    /// <summary>Decodes images until one can be read.</summary>
    /// <param name="manifest">The set.</param>
    /// <param name="files">Its files.</param>
    /// <param name="place">The set's folder or bucket, for the message.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ImageSetException">None of up to 100 images, spread over the set, can be read.</exception>
    public static void Check(ImageManifest manifest, ImageFiles files, string place, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        var source = new CropSource(manifest, files, Preprocessing.Unit(1, 1));
        var reasons = new List<string>();
        var tries = Math.Min(MostTries, manifest.Entries.Count);
        for (var i = 0; i < tries; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var index = (int)((long)i * manifest.Entries.Count / tries);
            if (source.Get(index).Unreadable is not { } reason)
                return;
            reasons.Add($"{manifest.Entries[index].Path}: {reason}");
        }
        if (tries > 0)
            throw new ImageSetException(
                $"image set {place}: {Tried(tries, manifest.Entries.Count)} be read: {string.Join("; ", reasons.Take(MostNamed))}"
                + (reasons.Count > MostNamed ? "; ..." : ""));
    }

    private static string Tried(int tries, int count) => count == 1 ? "its only image cannot"
        : tries < count ? $"none of {tries} images out of {count} can" : $"not one of its {count} images can";
}
