using Microsoft.Extensions.Caching.Memory;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web;

/// <summary>Caches atlases for two seconds, because a page requests hundreds of tiles at once and each needs its atlas.</summary>
public sealed class LoadedAtlasCache(CatalogDatabase database) : IDisposable
{
    private const int Kept = 64;
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(2);
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = Kept });

    /// <summary>Loads an atlas, or returns one loaded in the last two seconds; null if there is none with that id.</summary>
    public async Task<LoadedAtlas?> FindAsync(string id, CancellationToken cancellation)
    {
        if (_cache.TryGetValue(id, out LoadedAtlas? known))
            return known;
        await using var catalog = database.Open();
        // Missing atlases are not cached: a client could fill the cache with made-up ids.
        if (await LoadedAtlas.FindAsync(catalog, id, cancellation) is not { } view)
            return null;
        return _cache.Set(id, view, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Moment });
    }

    /// <inheritdoc/>
    public void Dispose() => _cache.Dispose();
}
