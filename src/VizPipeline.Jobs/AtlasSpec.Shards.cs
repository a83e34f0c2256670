using System.Text.Json.Serialization;

namespace VizPipeline.Jobs;

/// <content>How the images are cut into the shards of the pass over them.</content>
public sealed partial record AtlasSpec
{
    /// <summary>Maximum number of shards of a layer that one job merges.</summary>
    public const int ShardsAtOnce = 32;

    /// <summary>Number of images whose activations are kept to compare neurons, or all if there are fewer.</summary>
    public const int ProfileImages = 512;

    /// <summary>
    /// The images that were added to those of the first plan, in the order of their indices; null, as in older specs, for none. No result
    /// depends on it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ImageAddition>? AddedImages { get; init; }

    /// <summary>
    /// Whether samples of the images are those with the smallest hashes of their indices, so that images can be added to an atlas that has
    /// a sample. False, as in older specs, for even steps over the set, and where every sample has all images. No result but the
    /// similarity of neurons depends on it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool StableSamples { get; init; }

    /// <summary>
    /// Lists the shards: the images of the first plan in pieces of <see cref="ShardImages"/>, then those of each addition in its own
    /// pieces, the last of which may be shorter. None without a pass over the images.
    /// </summary>
    public IEnumerable<ImageShard> Shards()
    {
        if (!NeedsScan())
            yield break;
        var number = 0;
        foreach (var batch in Batches())
        {
            foreach (var range in JobKinds.Ranges(batch.Count, batch.ShardImages))
                yield return new ImageShard(
                    number++, batch.First + range.First, batch.First + range.End, batch.First + batch.Count, batch.Pass);
        }
    }

    /// <summary>Counts the shards.</summary>
    public int ShardCount() => NeedsScan() ? (int)Batches().Sum(batch => ShardsOf(batch.Count, batch.ShardImages)) : 0;

    /// <summary>Returns the shard with a number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none.</exception>
    public ImageShard GetShard(int number) => Shards().Where(shard => shard.Number == number).Select(shard => (ImageShard?)shard)
        .FirstOrDefault() ?? throw new ArgumentOutOfRangeException(nameof(number), number, "the atlas has no such shard");

    /// <summary>Returns the layers that a pass over a shard searches, in the order of their indices.</summary>
    public IEnumerable<LayerSpec> LayersOf(ScanShard scan)
    {
        ArgumentNullException.ThrowIfNull(scan);
        var shard = GetShard(scan.Shard);
        return Layers.Where(layer => shard.PassOf(layer) == scan.Pass);
    }

    /// <summary>
    /// Returns the parts into which the tallies of many shards are gathered before the merge. The images of the first plan and those of
    /// each addition have about as many parts as shards per part; none for few shards.
    /// </summary>
    public IReadOnlyList<(int Part, int FirstShard, int EndShard)> MergeParts()
    {
        var (parts, first) = (new List<(int, int, int)>(), 0);
        foreach (var batch in NeedsScan() ? Batches() : [])
        {
            var shards = (int)ShardsOf(batch.Count, batch.ShardImages);
            if (shards > ShardsAtOnce)
                parts.AddRange(JobKinds.Ranges(shards, (int)Math.Ceiling(Math.Sqrt(shards)))
                    .Select(range => (parts.Count + range.Number, first + range.First, first + range.End)).ToList());
            first += shards;
        }
        return parts;
    }

    /// <summary>Returns the number of the last pass over any images.</summary>
    internal int LastPass() => Layers.Select(layer => layer.Pass).Concat((AddedImages ?? []).Select(added => added.Pass)).Max();

    /// <summary>Lists the keys of the tallies of which a layer is merged, in order: of gathered parts, and of shards in no part.</summary>
    public IEnumerable<string> TallyKeys(string layer)
    {
        var parts = MergeParts().ToDictionary(part => part.FirstShard);
        var shards = ShardCount();
        for (var shard = 0; shard < shards;)
        {
            var isGathered = parts.TryGetValue(shard, out var part);
            yield return isGathered ? AtlasKeys.GatheredTally(Id, part.Part, layer) : AtlasKeys.ScanTally(Id, shard, layer);
            shard = isGathered ? part.EndShard : shard + 1;
        }
    }

    /// <summary>
    /// Returns the spec as it was when the atlas had fewer images, for a job that was planned then; itself for 0 or as many.
    /// </summary>
    /// <param name="images">Number of images; additions are whole.</param>
    public AtlasSpec UpTo(int images)
    {
        if (images <= 0 || images >= Images.Count)
            return this;
        var (added, count) = ((AddedImages ?? []).ToList(), Images.Count);
        while (added.Count > 0 && count > images)
        {
            count -= added[^1].Count;
            added.RemoveAt(added.Count - 1);
        }
        return this with { Images = Images with { Count = count }, AddedImages = added.Count > 0 ? added : null };
    }

    /// <summary>
    /// Lists the images of the first plan and of each addition: the first image, their number, images per shard, and the pass of the
    /// last layers that the atlas had then.
    /// </summary>
    internal IEnumerable<(int First, int Count, int ShardImages, int Pass)> Batches()
    {
        var first = Images.Count - (int)(AddedImages ?? []).Sum(added => (long)added.Count);
        yield return (0, first, ShardImages, 0);
        foreach (var added in AddedImages ?? [])
        {
            yield return (first, added.Count, added.ShardImages, added.Pass);
            first += added.Count;
        }
    }

    private static long ShardsOf(int count, int size) => ((long)count + size - 1) / size;

    private IEnumerable<string> ShardFaults()
    {
        if (AddedImages is null)
            yield break;
        if (AddedImages.Contains(null!))
            yield return "additions of images must not be null";
        else if (AddedImages.Count == 0 || AddedImages.Any(added => added.Count < 1 || added.ShardImages < 1 || added.Pass < 0))
            yield return "an addition of images needs at least one image, one image per shard, and a pass from 0";
        else if (AddedImages.Sum(added => (long)added.Count) >= Images.Count)
            yield return $"the additions of images have as many images as the atlas, {Images.Count}, or more";
    }
}

/// <summary>Images that were added to an atlas at once.</summary>
/// <param name="Count">Their number, 1 or more.</param>
/// <param name="ShardImages">Images per scan job, 1 or more.</param>
/// <param name="Pass">
/// The pass of the last layers that the atlas had then: the layers of all passes up to this one are searched in these images at once.
/// </param>
public sealed record ImageAddition(int Count, int ShardImages, int Pass);

/// <summary>A part of the images that one job runs through the network.</summary>
/// <param name="Number">Its number, from 0.</param>
/// <param name="First">Index of its first image.</param>
/// <param name="End">Index after its last image.</param>
/// <param name="Known">Number of images that the atlas had when the shard was planned, these included.</param>
/// <param name="Pass">The first pass of the shard, see <see cref="ImageAddition.Pass"/>.</param>
public readonly record struct ImageShard(int Number, int First, int End, int Known, int Pass)
{
    /// <summary>Returns the pass over this shard in which a layer is searched.</summary>
    public int PassOf(LayerSpec layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return Math.Max(layer.Pass, Pass);
    }
}
