using Microsoft.Extensions.Options;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>
/// Resolves where workers find the images of a submission and asks one of them to check before any job exists. Otherwise a path that is
/// wrong for the workers would show up hours later, as failed jobs.
/// </summary>
internal sealed class SubmittedImages(IOptions<CoordinatorOptions> options, CatalogDatabase database, ILiveRequests live, TimeProvider time)
{
    private const string HowTo = "Give the folder as the workers see it with --images-at, or use images in a bucket (s3://BUCKET/PREFIX)";

    /// <summary>
    /// Returns the spec with the workers' image root, and a note for the user about what could not be checked; null if everything was.
    /// </summary>
    /// <exception cref="InvalidAtlasSpecException">The workers cannot find the images.</exception>
    public async Task<(AtlasSpec Spec, string? Note)> LocateAsync(AtlasSpec spec, ImageList images, CancellationToken cancellation)
    {
        var readable = images.Images.Where(image => image.Unreadable is null).ToList();
        if (readable.Count == 0)
            return (spec, null);
        var root = options.Value.WorkersRoot(spec.Images.Root);
        spec = spec with { Images = spec.Images with { Root = root } };
        if (!await AnybodyLooksAsync(cancellation))
            return (spec, $"no worker runs yet that could look for the images; they are expected in {root}");
        try
        {
            var found = await live.AskAsync(new FindImages(root, [readable[0], readable[readable.Count / 2], readable[^1]]), cancellation);
            return found.Fault is null
                ? (spec, null)
                : throw new InvalidAtlasSpecException(
                    [$"the workers do not find the images: {found.Fault} (worker {found.Worker}). {Known(root)}{HowTo}"]);
        }
        catch (LiveRefusedException busy)
        {
            return (spec, $"no worker looked for the images ({busy.Message}); they are expected in {root}");
        }
    }

    private string Known(string root) => !BucketAddress.IsBucket(root) && options.Value.ImageRootPairs() is { Count: > 0 } pairs
        ? $"They see {string.Join(", ", pairs.Select(pair => $"{pair.Here} as {pair.AtWorkers}"))}. "
        : "";

    private async Task<bool> AnybodyLooksAsync(CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        return (await catalog.ServedQueuesAsync(time.GetUtcNow().UtcDateTime, cancellation)).Contains("live");
    }
}
