using Microsoft.Extensions.Caching.Memory;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web.Story;

/// <summary>Asks workers for the pictures of stories and keeps the answers in a bounded amount of memory.</summary>
/// <param name="live">Reaches the workers; null where there are none.</param>
public sealed class StoryPictures(ILiveRequests? live) : IDisposable
{
    private static readonly long Bound = MemoryBound.Calculate(64 << 20, 0.04);
    private static readonly TimeSpan ChoiceLife = TimeSpan.FromMinutes(1);

    // Without a worker each page would wait for one again.
    private static readonly TimeSpan OutageLife = TimeSpan.FromSeconds(20);
    private static readonly object Outage = new();
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = Bound });
    // A page asks for several pictures of the same answer at once.
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Returns the neurons that the atlas's story tells of; for a minute the same.</summary>
    /// <inheritdoc cref="StoryNeuron.ChooseAsync(CatalogContext, LoadedAtlas, LinkTables, CancellationToken)"/>
    public async Task<IReadOnlyList<StoryNeuron>> ChooseAsync(
        CatalogContext catalog, LoadedAtlas atlas, LinkTables links, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(atlas);
        var key = ("chosen", atlas.Id, atlas.Row.SpecHash, atlas.Version);
        if (_cache.TryGetValue(key, out IReadOnlyList<StoryNeuron>? known))
            return known!;
        var chosen = await StoryNeuron.ChooseAsync(catalog, atlas, links, cancellation);
        return _cache.Set(key, chosen, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = ChoiceLife });
    }

    /// <summary>Returns the way of an image to a neuron and back.</summary>
    /// <exception cref="LiveRefusedException">No worker answers, or it cannot.</exception>
    public Task<NeuronTraced> TraceAsync(LoadedAtlas atlas, string layer, int channel, string image, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(atlas);
        return FindAsync(
            (atlas.Row.SpecHash, layer, channel, image), new TraceNeuron(atlas.Id, layer, channel, image),
            traced => traced.Map.Length + traced.Crop.Length + traced.Deconvolution.Length
                + traced.Layers.Sum(passed => passed.Picture.Length),
            cancellation);
    }

    /// <summary>Returns the pictures of a growing ascent.</summary>
    /// <inheritdoc cref="TraceAsync"/>
    public Task<AscentGrown> GrowAsync(LoadedAtlas atlas, string layer, int channel, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(atlas);
        return FindAsync(
            (atlas.Row.SpecHash, layer, channel, ""), new GrowAscent(atlas.Id, layer, channel),
            grown => grown.Pictures.Sum(picture => picture.Picture.Length), cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cache.Dispose();
        _turn.Dispose();
    }

    private async Task<T> FindAsync<T>(object key, IBusRequest<T> request, Func<T, long> size, CancellationToken cancellation)
        where T : class, IBusMessage
    {
        if (_cache.TryGetValue(key, out T? known))
            return known!;
        if (live is null)
            throw new LiveRefusedException("this site is made without a worker");
        await _turn.WaitAsync(cancellation);
        try
        {
            if (_cache.TryGetValue(key, out known))
                return known!;
            if (_cache.TryGetValue(Outage, out LiveRefusedException? outage))
                throw outage!;
            var answer = await live.AskAsync(request, cancellation);
            _cache.Set(key, answer, new MemoryCacheEntryOptions { Size = size(answer), SlidingExpiration = TimeSpan.FromHours(2) });
            return answer;
        }
        catch (LiveRefusedException refused) when (refused.IsOutage && !_cache.TryGetValue(Outage, out _))
        {
            _cache.Set(Outage, refused, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = OutageLife });
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }
}
