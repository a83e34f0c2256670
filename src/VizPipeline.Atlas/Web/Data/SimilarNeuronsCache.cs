using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>Caches the indices of the most recently used atlases in a bounded amount of memory.</summary>
/// <remarks>
/// Stored profiles of a layer change only until the atlas has ended, so an index of all layers is final then. Missing layers, of an atlas
/// that is still being built or older than profiles, are looked for again after <see cref="Patience"/>.
/// </remarks>
public sealed class SimilarNeuronsCache(IObjectStore store, TimeProvider time) : IDisposable
{
    /// <summary>How long to wait before looking for missing layers again.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Kept> _kept = [];
    private readonly CancellationTokenSource _end = new();
    // Builds one index at a time, because memory of indices under construction is not counted.
    private readonly SemaphoreSlim _turn = new(1);
    private long _uses;

    /// <summary>
    /// The memory limit of all indices together, in bytes. The index used last is kept even if it alone exceeds the limit.
    /// </summary>
    public long Bound { get; init; } = MemoryBound.Calculate(512 << 20, 0.25);

    /// <summary>Returns the index of an atlas over the layers that have profiles. Concurrent callers share one build.</summary>
    /// <param name="atlas">The id of the atlas.</param>
    /// <param name="layers">Index and name of all layers of the atlas.</param>
    /// <param name="ended">
    /// When the atlas ended: one that got more images ends again, and has other profiles. Null while it is built.
    /// </param>
    /// <param name="cancellation">Cancels waiting; the build goes on.</param>
    /// <exception cref="CorruptTableException">The profiles of a layer are damaged.</exception>
    /// <exception cref="ObjectStoreException">The object store cannot be read.</exception>
    public Task<SimilarNeurons> GetAsync(
        string atlas, IReadOnlyList<(int Index, string Name)> layers, DateTime? ended, CancellationToken cancellation = default)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_end.IsCancellationRequested, this);
            if (!_kept.TryGetValue(atlas, out var kept) || kept.Ended != ended)
                _kept[atlas] = kept = Begin(atlas, layers, ended, null);
            else if (IsStale(kept, layers.Count))
                _kept[atlas] = kept = Begin(atlas, layers, ended, kept.Index);
            kept.LastUse = ++_uses;
            return kept.Build.WaitAsync(cancellation);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Neither the token source nor the semaphore is disposed, because a running build still uses both. They hold no system resources.
        lock (_lock)
            _end.Cancel();
    }

    private bool IsStale(Kept kept, int layers)
        => kept.Build.IsCompleted
            && (kept.Index is not { } index || (index.Layers.Count < layers && time.GetElapsedTime(kept.Begun) >= Patience));

    private Kept Begin(string atlas, IReadOnlyList<(int Index, string Name)> layers, DateTime? ended, SimilarNeurons? before)
    {
        var kept = new Kept { Begun = time.GetTimestamp(), Ended = ended };
        // Not with the caller's token, because other callers may wait for the same index.
        kept.Build = Task.Run(async () =>
        {
            SimilarNeurons index;
            try
            {
                index = await BuildAsync(atlas, layers, before ?? SimilarNeurons.Build([]));
            }
            catch (Exception failure) when (before is not null && failure is ObjectStoreException or CorruptTableException)
            {
                // The previous index is still valid; the next attempt follows after the same time as after a success.
                index = before!;
            }
            lock (_lock)
            {
                kept.Index = index;
                Trim();
            }
            return index;
        });
        return kept;
    }

    private async Task<SimilarNeurons> BuildAsync(string atlas, IReadOnlyList<(int Index, string Name)> layers, SimilarNeurons index)
    {
        await _turn.WaitAsync(_end.Token);
        try
        {
            foreach (var (layer, name) in layers.Where(layer => !index.Layers.Contains(layer.Index)).ToList())
            {
                var key = AtlasKeys.LayerProfiles(atlas, name);
                if (await store.TryGetAsync(key, _end.Token) is { } file)
                    index = index.With([(layer, ActivationProfiles.Read(file, key))]);
            }
            return index;
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Trim()
    {
        var built = _kept.Where(kept => kept.Value.Index is not null).OrderByDescending(kept => kept.Value.LastUse).ToList();
        var bytes = 0L;
        for (var i = 0; i < built.Count; i++)
        {
            bytes += built[i].Value.Index!.Bytes;
            if (i > 0 && bytes > Bound)
                _kept.Remove(built[i].Key);
        }
    }

    private sealed class Kept
    {
        public Task<SimilarNeurons> Build { get; set; } = null!;

        public SimilarNeurons? Index { get; set; }

        public long Begun { get; init; }

        public DateTime? Ended { get; init; }

        public long LastUse { get; set; }
    }
}
