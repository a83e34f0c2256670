using System.Collections.Concurrent;
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
    private const int LargestFile = 64 << 20;
    private const int MostWaiting = 200;
    private static readonly long Bound = MemoryBound.Calculate(64 << 20, 0.06);
    private readonly ConcurrentDictionary<string, ImageFiles> _open = new();
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = Bound });
    private int _waiting;
    private readonly SemaphoreSlim _turns = new(Math.Max(2, Environment.ProcessorCount));

    /// <summary>Returns the crop of an image as JPEG; null if it cannot be read here.</summary>
    /// <param name="spec">The spec of the atlas.</param>
    /// <param name="path">The path of the image in the catalog.</param>
    /// <param name="cancellation">Cancels reading.</param>
    public async Task<byte[]?> GetCropAsync(AtlasSpec spec, string path, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var name = (spec.Id, spec.Images.Root, path);
        if (_cache.TryGetValue(name, out byte[]? known))
            return known;
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
            var crop = await Task.Run(() => Crop(spec, path), cancellation);
            _cache.Set(name, crop, new MemoryCacheEntryOptions { Size = crop.Length, SlidingExpiration = TimeSpan.FromHours(1) });
            return crop;
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
        foreach (var files in _open.Values)
            files.Dispose();
        _cache.Dispose();
        _turns.Dispose();
    }

    private byte[] Crop(AtlasSpec spec, string path)
    {
        var files = _open.GetOrAdd(spec.Images.Root, roots.Open);
        var bytes = files.Use(path, file =>
        {
            if (file.Length > LargestFile)
                throw new UnreadableImageException(path, "the file is larger than 64 MB, the limit for pages");
            var content = new byte[file.Length];
            return content.AsMemory(0, file.Read(content, 0));
        });
        var preprocessing = Preprocessing.Parse(
            spec.Preprocessing.GetRawText(), "the atlas's spec", spec.Model.Input[1], spec.Model.Input[2], spec.Model.Input[0]);
        return Jpeg.Encode(preprocessing.Picture(preprocessing.CropOf(bytes, path, LiveLimits.ImagePixels)), Quality);
    }
}
