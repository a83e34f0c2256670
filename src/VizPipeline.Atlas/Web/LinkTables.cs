using Microsoft.Extensions.Caching.Memory;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Web;

/// <summary>Link tables of layers, read when someone looks at a neuron, and kept in memory within a bound.</summary>
public sealed class LinkTables(IObjectStore store) : IDisposable
{
    private static readonly long Bound = MemoryBound.Of(192 << 20, 0.12);

    // Read, a table takes about twice the bytes of its JSON.
    private const int Growth = 2;
    private static readonly TimeSpan Missing = TimeSpan.FromMinutes(1);
    private readonly MemoryCache _kept = new(new MemoryCacheOptions { SizeLimit = Bound });
    private readonly SemaphoreSlim _turns = new(Math.Max(2, Environment.ProcessorCount));

    /// <summary>A layer's table; null where there is none: the layer has no weights, or its atlas is older than such tables, or not so far yet.</summary>
    /// <exception cref="ObjectStoreException">The store does not answer.</exception>
    /// <exception cref="CorruptTableException">The table is damaged.</exception>
    public async Task<LinkTable?> FindAsync(string atlas, string layer, CancellationToken cancellation)
    {
        var name = (atlas, layer);
        if (_kept.TryGetValue(name, out LinkTable? known))
            return known;
        await _turns.WaitAsync(cancellation);
        try
        {
            if (await store.TryGetAsync(AtlasKeys.LayerLinks(atlas, layer), cancellation) is not { } bytes)
            {
                // A page asks for the tables of many layers, and of an old atlas none is there.
                _kept.Set<LinkTable?>(name, null, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Missing });
                return null;
            }
            var table = VizJson.Read<LinkTable>(bytes);
            _kept.Set(name, table, new MemoryCacheEntryOptions { Size = (long)Growth * bytes.Length, SlidingExpiration = TimeSpan.FromHours(1) });
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
        _kept.Dispose();
        _turns.Dispose();
    }
}
