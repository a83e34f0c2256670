using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Web.Data;

/// <summary>The indices of the atlases that were asked for last, within a bound of memory.</summary>
/// <remarks>
/// A layer's profiles never change once they are there, so an index of all layers is final. Where layers are missing, because the atlas
/// still grows or comes from before there were profiles, they are looked for again after <see cref="Patience"/>.
/// </remarks>
public sealed class SimilarNeuronsCache(IObjectStore store, TimeProvider time) : IDisposable
{
    /// <summary>How long missing layers are taken to be still missing.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Kept> _kept = [];
    private readonly CancellationTokenSource _end = new();
    // One at a time: what is read and not yet kept is not counted.
    private readonly SemaphoreSlim _turn = new(1);
    private long _uses;

    /// <summary>Memory of all indices together; the one that was used last is kept even if it alone takes more.</summary>
    public long Bound { get; init; } = MemoryBound.Of(512 << 20, 0.25);

    /// <summary>The index of an atlas, over those of its layers whose profiles are there. Who asks while it is built waits for the same one.</summary>
    /// <param name="atlas">The atlas's id.</param>
    /// <param name="layers">Index and name of all its layers.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="CorruptTableException">A layer's profiles are damaged.</exception>
    /// <exception cref="ObjectStoreException">The store does not answer.</exception>
    public Task<SimilarNeurons> GetAsync(string atlas, IReadOnlyList<(int Index, string Name)> layers, CancellationToken cancellation = default)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_end.IsCancellationRequested, this);
            if (!_kept.TryGetValue(atlas, out var kept) || IsStale(kept, layers.Count))
                _kept[atlas] = kept = Begin(atlas, layers, kept?.Index);
            kept.LastUse = ++_uses;
            return kept.Build.WaitAsync(cancellation);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Whoever still builds looks at both once more, and neither holds anything of the system's.
        lock (_lock)
            _end.Cancel();
    }

    private bool IsStale(Kept kept, int layers)
        => kept.Build.IsCompleted && (kept.Index is not { } index || (index.Layers.Count < layers && time.GetElapsedTime(kept.Begun) >= Patience));

    private Kept Begin(string atlas, IReadOnlyList<(int Index, string Name)> layers, SimilarNeurons? before)
    {
        var kept = new Kept { Begun = time.GetTimestamp() };
        // Not with the caller's token: others may wait for the same index.
        kept.Build = Task.Run(async () =>
        {
            SimilarNeurons index;
            try
            {
                index = await BuildAsync(atlas, layers, before ?? SimilarNeurons.Build([]));
            }
            catch (Exception failure) when (before is not null && failure is ObjectStoreException or CorruptTableException)
            {
                // What was there is still true; the next look is as far off as after a success.
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

        public long LastUse { get; set; }
    }
}
