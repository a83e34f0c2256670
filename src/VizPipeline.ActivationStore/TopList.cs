using System.Runtime.InteropServices;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.ActivationStore;

/// <summary>
/// The strongest images of every neuron of a layer, exact float32 values of the pass, in three NumPy files: <c>top-activations.npy</c>
/// (float32), <c>top-images.npy</c> and <c>top-positions.npy</c> (int32), each [neurons, depth] in C order. Where a neuron has fewer
/// images, the activation is NaN and image and position are -1. The weakest images are in files that begin with <c>bottom</c>.
/// </summary>
public sealed class TopList
{
    /// <summary>The strongest images, the strongest first.</summary>
    public const string Top = "top";

    /// <summary>The weakest images, the weakest first; only of layers with values below 0.</summary>
    public const string Bottom = "bottom";

    private readonly float[] _activations;
    private readonly int[] _images;
    private readonly int[] _positions;

    /// <summary>Creates an empty list.</summary>
    /// <param name="neurons">Number of neurons.</param>
    /// <param name="depth">Entries per neuron.</param>
    public TopList(int neurons, int depth)
    {
        (Neurons, Depth) = (neurons, depth);
        (_activations, _images, _positions) =
            (new float[checked(neurons * depth)], new int[neurons * depth], new int[neurons * depth]);
        Array.Fill(_activations, float.NaN);
        Array.Fill(_images, -1);
        Array.Fill(_positions, -1);
    }

    /// <summary>Number of neurons.</summary>
    public int Neurons { get; }

    /// <summary>Entries per neuron.</summary>
    public int Depth { get; }

    /// <summary>Sets an entry.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="rank">Its rank, from 0.</param>
    /// <param name="activation">The activation.</param>
    /// <param name="image">Index of the image.</param>
    /// <param name="position">Row-major position of the maximum.</param>
    public void Set(int neuron, int rank, float activation, int image, int position)
    {
        var at = (neuron * Depth) + rank;
        (_activations[at], _images[at], _positions[at]) = (activation, image, position);
    }

    /// <summary>Stores the list of a layer.</summary>
    /// <param name="store">The object store.</param>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="end"><see cref="Top"/> or <see cref="Bottom"/>.</param>
    /// <param name="cancellation">Cancels the writes.</param>
    public async Task PutAsync(IObjectStore store, string atlasId, string layer, string end, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        await store.PutAsync(
            AtlasKeys.TopList(atlasId, layer, end, "positions"), NpyMatrix.Write<int>(_positions, Neurons, Depth, byColumn: false),
            cancellation);
        await store.PutAsync(
            AtlasKeys.TopList(atlasId, layer, end, "images"), NpyMatrix.Write<int>(_images, Neurons, Depth, byColumn: false), cancellation);
        // Last, because readers look for it first.
        await store.PutAsync(
            AtlasKeys.TopList(atlasId, layer, end, "activations"), NpyMatrix.Write<float>(_activations, Neurons, Depth, byColumn: false),
            cancellation);
    }

    /// <summary>Reads the entries of one neuron in order; null if the atlas has no such lists.</summary>
    /// <param name="store">The object store.</param>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="end"><see cref="Top"/> or <see cref="Bottom"/>.</param>
    /// <param name="neurons">Number of neurons of the layer.</param>
    /// <param name="channel">The neuron.</param>
    /// <param name="cancellation">Cancels the reads.</param>
    /// <exception cref="CorruptTableException">A file is damaged.</exception>
    public static async Task<IReadOnlyList<TopListEntry>?> ReadAsync(
        IObjectStore store, string atlasId, string layer, string end, int neurons, int channel,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentOutOfRangeException.ThrowIfNegative(channel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(channel, neurons);
        var key = AtlasKeys.TopList(atlasId, layer, end, "activations");
        if (!await store.ExistsAsync(key, cancellation))
            return null;
        // The header is the same length for all depths that its padding allows for.
        var header = NpyMatrix.Header<float>(neurons, 1, byColumn: false).Length;
        var depth = (await store.SizeAsync(key, cancellation) - header) / sizeof(float) / neurons;
        if (depth is < 1 or > int.MaxValue || await store.SizeAsync(key, cancellation) != header + (depth * neurons * sizeof(float)))
            throw new CorruptTableException($"{key}: has a length that does not fit {neurons} neurons");
        var activations = await RowAsync<float>(store, key, (int)depth, channel, header, cancellation);
        var images = await RowAsync<int>(
            store, AtlasKeys.TopList(atlasId, layer, end, "images"), (int)depth, channel, header, cancellation);
        var positions = await RowAsync<int>(
            store, AtlasKeys.TopList(atlasId, layer, end, "positions"), (int)depth, channel, header, cancellation);
        return [.. Enumerable.Range(0, (int)depth).TakeWhile(rank => images[rank] >= 0)
            .Select(rank => new TopListEntry(rank + 1, activations[rank], images[rank], positions[rank]))];
    }

    private static async Task<T[]> RowAsync<T>(
        IObjectStore store, string key, int depth, int channel, int header, CancellationToken cancellation)
        where T : unmanaged
    {
        var size = Marshal.SizeOf<T>();
        var bytes = await store.GetRangeAsync(key, header + ((long)channel * depth * size), depth * size, cancellation);
        return MemoryMarshal.Cast<byte, T>(bytes).ToArray();
    }
}

/// <summary>An entry of a neuron's top list.</summary>
/// <param name="Rank">Its rank, from 1.</param>
/// <param name="Activation">The activation.</param>
/// <param name="Image">Index of the image.</param>
/// <param name="Position">Row-major position of the maximum: y * width + x.</param>
public sealed record TopListEntry(int Rank, float Activation, int Image, int Position);
