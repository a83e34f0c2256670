using Microsoft.Extensions.Caching.Memory;
using VizPipeline.Catalog;

namespace VizPipeline.Web;

/// <summary>Caches atlases for two seconds, because a page requests hundreds of tiles at once and each needs its atlas.</summary>
public sealed class AtlasViews(CatalogDatabase database) : IDisposable
{
    private const int Kept = 64;
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(2);
    private readonly MemoryCache _kept = new(new MemoryCacheOptions { SizeLimit = Kept });

    /// <summary>Loads an atlas, or returns one loaded in the last two seconds; null if there is none with that id.</summary>
    public async Task<AtlasView?> FindAsync(string id, CancellationToken cancellation)
    {
        if (_kept.TryGetValue(id, out AtlasView? known))
            return known;
        await using var catalog = database.Open();
        // Missing atlases are not cached: a client could fill the cache with made-up ids.
        if (await AtlasView.FindAsync(catalog, id, cancellation) is not { } view)
            return null;
        return _kept.Set(id, view, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Moment });
    }

    /// <inheritdoc/>
    public void Dispose() => _kept.Dispose();
}
