using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.ActivationStore;

/// <summary>
/// The kept activations of one layer, float16 values of the one pass over the images (docs/activations.md). A neuron is read by one range
/// per block of 4096 images; nothing else of the layer is read. Thread-safe.
/// </summary>
public sealed class KeptActivations
{
    private readonly IObjectStore _store;
    private readonly string _atlasId;

    private KeptActivations(IObjectStore store, string atlasId, ActivationIndex index)
        => (_store, _atlasId, Index) = (store, atlasId, index);

    /// <summary>The layer's index.</summary>
    public ActivationIndex Index { get; }

    /// <summary>Opens a layer's activations; null if none were kept, or the layer is not merged yet.</summary>
    /// <exception cref="CorruptTableException">The index is damaged.</exception>
    public static async Task<KeptActivations?> OpenAsync(
        IObjectStore store, string atlasId, string layer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        var key = AtlasKeys.ActivationIndex(atlasId, layer);
        return await store.TryGetAsync(key, cancellation) is { } json
            ? new KeptActivations(store, atlasId, ActivationIndex.Read(json, key)) : null;
    }

    /// <summary>Reads a neuron's activations, one per row: NaN where the image could not be read.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The layer has no such neuron.</exception>
    /// <exception cref="CorruptTableException">A block is damaged.</exception>
    public async Task<float[]> ReadNeuronAsync(int channel, CancellationToken cancellation = default)
        => Array.ConvertAll(await ReadColumnAsync<Half>(Index.Activations, channel, cancellation), value => (float)value);

    /// <summary>Reads the row-major positions of a neuron's maxima, one per row; null if they were not kept.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The layer has no such neuron.</exception>
    /// <exception cref="CorruptTableException">A block is damaged.</exception>
    public async Task<int[]?> ReadPositionsAsync(int channel, CancellationToken cancellation = default) => Index.Positions switch
    {
        null => null,
        var blocks when Index.HasWidePositions =>
            Array.ConvertAll(await ReadColumnAsync<uint>(blocks, channel, cancellation), position => (int)position),
        var blocks => Array.ConvertAll(await ReadColumnAsync<ushort>(blocks, channel, cancellation), position => (int)position),
    };

    /// <summary>Reads the activations of all neurons on one image, [neurons]. Reads the block that contains it.</summary>
    /// <param name="row">The image's row, from <see cref="ActivationIndex.RowOf"/>.</param>
    /// <param name="cancellation">Cancels the reads.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    /// <exception cref="CorruptTableException">The block is damaged.</exception>
    public async Task<float[]> ReadImageAsync(int row, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Index.Rows);
        var number = row / Index.RowsPerBlock;
        return (await ReadBlockAsync(number, cancellation)).GetRow(row - (number * Index.RowsPerBlock));
    }

    /// <summary>Reads the whole layer, block by block.</summary>
    /// <exception cref="CorruptTableException">A block is damaged.</exception>
    public async IAsyncEnumerable<ActivationRowsBlock> ReadBlocksAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        for (var number = 0; number < Index.Activations.Count; number++)
            yield return await ReadBlockAsync(number, cancellation);
    }

    /// <summary>Writes the layer as one NumPy file, float16 [rows, neurons] in C order, block by block.</summary>
    public async Task WriteNpyAsync(Stream target, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        await target.WriteAsync(NpyMatrix.Header<Half>(Index.Rows, Index.Neurons, byColumn: false), cancellation);
        var row = new Half[Index.Neurons];
        await foreach (var block in ReadBlocksAsync(cancellation))
        {
            for (var i = 0; i < block.Rows; i++)
            {
                block.CopyRow(i, row);
                await target.WriteAsync(MemoryMarshal.AsBytes(row.AsSpan()).ToArray(), cancellation);
            }
        }
    }

    private async Task<ActivationRowsBlock> ReadBlockAsync(int number, CancellationToken cancellation)
    {
        var (first, rows) = Index.RowsOf(number);
        var key = KeyOf(Index.Activations[number]);
        var file = await _store.GetAsync(key, cancellation);
        return new ActivationRowsBlock(first, rows, NpyMatrix.Read<Half>(file, key, rows, Index.Neurons, byColumn: true).ToArray());
    }

    private async Task<T[]> ReadColumnAsync<T>(IReadOnlyList<ActivationBlock> blocks, int channel, CancellationToken cancellation)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(channel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(channel, Index.Neurons);
        var (column, element) = (new T[Index.Rows], Marshal.SizeOf<T>());
        for (var number = 0; number < blocks.Count; number++)
        {
            var (first, rows) = Index.RowsOf(number);
            var header = NpyMatrix.Header<T>(rows, Index.Neurons, byColumn: true).Length;
            var bytes = await _store.GetRangeAsync(
                KeyOf(blocks[number]), header + ((long)channel * rows * element), rows * element, cancellation);
            MemoryMarshal.Cast<byte, T>(bytes).CopyTo(column.AsSpan(first));
        }
        return column;
    }

    private string KeyOf(ActivationBlock block) => AtlasKeys.ActivationBlock(_atlasId, Index.Layer, block.Key);
}

/// <summary>Consecutive rows of a layer's activations.</summary>
/// <param name="first">The first row.</param>
/// <param name="rows">Number of rows.</param>
/// <param name="values">[rows, neurons], neuron by neuron.</param>
public sealed class ActivationRowsBlock(int first, int rows, Half[] values)
{
    /// <summary>The first row.</summary>
    public int First { get; } = first;

    /// <summary>Number of rows.</summary>
    public int Rows { get; } = rows;

    /// <summary>Number of neurons.</summary>
    public int Neurons { get; } = rows == 0 ? 0 : values.Length / rows;

    /// <summary>Returns one neuron's activations, [rows].</summary>
    public ReadOnlySpan<Half> GetNeuron(int channel) => values.AsSpan(channel * Rows, Rows);

    /// <summary>Returns one row, [neurons].</summary>
    public float[] GetRow(int row)
    {
        var found = new Half[Neurons];
        CopyRow(row, found);
        return Array.ConvertAll(found, value => (float)value);
    }

    internal void CopyRow(int row, Half[] target)
    {
        for (var neuron = 0; neuron < target.Length; neuron++)
            target[neuron] = values[(neuron * Rows) + row];
    }
}
