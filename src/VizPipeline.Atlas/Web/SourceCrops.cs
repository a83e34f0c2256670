using Microsoft.Extensions.Caching.Memory;
using VizPipeline.Images;
using VizPipeline.ImageStore;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Atlas.Web;

/// <summary>Reads images of the image sets as the network sees them, if this machine can access the set.</summary>
public sealed class SourceCrops(ImageRoot roots) : IDisposable
{
    private const int Quality = 88;
    private const int LargeSide = 768;
    private const int MostWaiting = 200;
    private static readonly long Bound = MemoryBound.Calculate(64 << 20, 0.06);
    private readonly OpenImageSets _sets = new(roots);
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = Bound });
    private int _waiting;
    private readonly SemaphoreSlim _turns = new(Math.Max(2, Environment.ProcessorCount));

    /// <summary>Returns the crop of an image as JPEG; null if it cannot be read here.</summary>
    /// <param name="spec">The spec of the atlas.</param>
    /// <param name="path">The path of the image in the catalog.</param>
    /// <param name="cancellation">Cancels reading.</param>
    public Task<byte[]?> GetCropAsync(AtlasSpec spec, string path, CancellationToken cancellation) =>
        GetCropAsync(spec, path, isLarge: false, cancellation);

    /// <summary>Returns the part of an image that the network sees, as JPEG with more pixels than the network sees.</summary>
    /// <inheritdoc cref="GetCropAsync(AtlasSpec, string, CancellationToken)"/>
    public Task<byte[]?> GetLargeCropAsync(AtlasSpec spec, string path, CancellationToken cancellation) =>
        GetCropAsync(spec, path, isLarge: true, cancellation);

    /// <summary>Returns the file of an image; null if it cannot be read here.</summary>
    /// <inheritdoc cref="GetCropAsync(AtlasSpec, string, CancellationToken)"/>
    public Task<byte[]?> GetFileAsync(AtlasSpec spec, string path, CancellationToken cancellation) =>
        TakeTurnAsync(() => _sets.Read(spec.Images.Root, path).ToArray(), cancellation);

    private async Task<byte[]?> GetCropAsync(AtlasSpec spec, string path, bool isLarge, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(spec);
        // The hash of the image set changes with the content of its files.
        var name = (spec.Images.Root, path, spec.Images.ManifestHash, spec.Preprocessing.GetRawText(), isLarge);
        if (_cache.TryGetValue(name, out byte[]? known))
            return known;
        var crop = await TakeTurnAsync(() => Crop(spec, path, isLarge), cancellation);
        return crop is null
            ? null : _cache.Set(name, crop, new MemoryCacheEntryOptions { Size = crop.Length, SlidingExpiration = TimeSpan.FromHours(1) });
    }

    private async Task<byte[]?> TakeTurnAsync(Func<byte[]> read, CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw new ObjectStoreException("too many images are being read at the moment; try again", isTransient: true);
        }
        try
        {
            await _turns.WaitAsync(cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
        try
        {
            // On another thread: reading may block on a bucket.
            return await Task.Run(read, cancellation);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or UnreadableImageException
            or ImageSetException or ObjectStoreException)
        {
            return null;
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sets.Dispose();
        _cache.Dispose();
        _turns.Dispose();
    }

    private byte[] Crop(AtlasSpec spec, string path, bool isLarge)
    {
        var preprocessing = Preprocessing.Parse(
            spec.Preprocessing.GetRawText(), "the atlas's spec", spec.Model.Input[1], spec.Model.Input[2], spec.Model.Input[0]);
        if (isLarge && preprocessing.ShorterSide is { } side)
        {
            var times = Math.Max(1, LargeSide / Math.Max(preprocessing.CropHeight, preprocessing.CropWidth));
            preprocessing = preprocessing with
            {
                ShorterSide = side * times,
                CropHeight = preprocessing.CropHeight * times,
                CropWidth = preprocessing.CropWidth * times,
            };
        }
        var crop = preprocessing.CropOf(_sets.Read(spec.Images.Root, path), path, LiveLimits.ImagePixels);
        return Jpeg.Encode(preprocessing.Picture(crop), Quality);
    }
}
