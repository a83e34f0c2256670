using Microsoft.Extensions.Caching.Memory;
using VizPipeline.Catalog;

namespace VizPipeline.Web;

/// <summary>Atlases for requests that come by the hundred, such as a page's tiles: what was read a moment ago is true enough for them.</summary>
public sealed class AtlasViews(CatalogDatabase database) : IDisposable
{
    private const int Kept = 64;
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(2);
    private readonly MemoryCache _kept = new(new MemoryCacheOptions { SizeLimit = Kept });

    /// <summary>An atlas as it was within the last two seconds; null where there is none of that id.</summary>
    public async Task<AtlasView?> FindAsync(string id, CancellationToken cancellation)
    {
        if (_kept.TryGetValue(id, out AtlasView? known))
            return known;
        await using var catalog = database.Open();
        // What is not there is not kept: its names would be anybody's.
        if (await AtlasView.FindAsync(catalog, id, cancellation) is not { } view)
            return null;
        return _kept.Set(id, view, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Moment });
    }

    /// <inheritdoc/>
    public void Dispose() => _kept.Dispose();
}
