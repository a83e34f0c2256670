using Microsoft.Extensions.Caching.Memory;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Atlas.Web;

/// <summary>Reads the link tables of layers on demand and caches them in a bounded amount of memory.</summary>
public sealed class LinkTables(IObjectStore store) : IDisposable
{
    private static readonly long Bound = MemoryBound.Calculate(192 << 20, 0.12);

    // A parsed table takes about twice the bytes of its JSON.
    private const int Growth = 2;
    private static readonly TimeSpan Missing = TimeSpan.FromMinutes(1);
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = Bound });
    private readonly SemaphoreSlim _turns = new(Math.Max(2, Environment.ProcessorCount));

    /// <summary>
    /// Returns the table of a layer. Null if there is none: the layer has no weights, or the atlas has not got there yet or was built by a
    /// version without link tables.
    /// </summary>
    /// <exception cref="ObjectStoreException">The object store cannot be read.</exception>
    /// <exception cref="CorruptTableException">The table is damaged.</exception>
    public async Task<LinkTable?> FindAsync(string atlas, string layer, CancellationToken cancellation)
    {
        var name = (atlas, layer);
        if (_cache.TryGetValue(name, out LinkTable? known))
            return known;
        await _turns.WaitAsync(cancellation);
        try
        {
            if (await store.TryGetAsync(AtlasKeys.LayerLinks(atlas, layer), cancellation) is not { } bytes)
            {
                // Missing tables are cached too: a page needs those of many layers, and an old atlas has none of them.
                _cache.Set<LinkTable?>(name, null, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Missing });
                return null;
            }
            var table = VizJson.Read<LinkTable>(bytes);
            _cache.Set(name, table, new MemoryCacheEntryOptions
            {
                Size = (long)Growth * bytes.Length,
                SlidingExpiration = TimeSpan.FromHours(1),
            });
            return table;
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cache.Dispose();
        _turns.Dispose();
    }
}
