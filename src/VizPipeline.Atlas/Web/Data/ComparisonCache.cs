using Microsoft.Extensions.Caching.Memory;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>Caches recent comparisons, because each one reads all patches of two atlases.</summary>
public sealed class ComparisonCache(SimilarNeuronsCache similar) : IDisposable
{
    private const int Kept = 8;
    private static readonly TimeSpan WhileGrowing = TimeSpan.FromSeconds(30);
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = Kept });
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Compares two atlases, or returns the cached comparison.</summary>
    public async Task<AtlasComparison> FindAsync(CatalogContext catalog, LoadedAtlas one, LoadedAtlas other, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        var isFinal = one.IsFinished && other.IsFinished;
        var name = (one.Row.Id, one.Row.FinishedAt, other.Row.Id, other.Row.FinishedAt);
        if (_cache.TryGetValue(name, out AtlasComparison? ready))
            return ready!;
        await _turn.WaitAsync(cancellation);
        try
        {
            if (_cache.TryGetValue(name, out AtlasComparison? known))
                return known!;
            var comparison = await AtlasComparison.ReadAsync(catalog, one, other, similar, cancellation);
            _cache.Set(name, comparison, new MemoryCacheEntryOptions
            {
                Size = 1,
                AbsoluteExpirationRelativeToNow = isFinal ? null : WhileGrowing,
            });
            return comparison;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cache.Dispose();
        _turn.Dispose();
    }
}
