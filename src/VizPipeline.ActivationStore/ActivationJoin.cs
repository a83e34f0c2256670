using System.Globalization;
using System.Security.Cryptography;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.ActivationStore;

/// <summary>
/// Joins the shards of a layer to blocks. Rows of shards that are gone come from the blocks of the shorter image set; those stay until the
/// index names the new ones, so that a join that is killed can be done again, and readers find what their index says.
/// </summary>
/// <param name="store">The object store.</param>
/// <param name="atlasId">The atlas's id.</param>
/// <param name="index">The index that the layer will have, without blocks.</param>
/// <param name="before">Its index so far; null for none.</param>
/// <param name="shards">The images of the rows of each shard.</param>
internal sealed class ActivationJoin(
    IObjectStore store, string atlasId, ActivationIndex index, ActivationIndex? before, IReadOnlyList<IReadOnlyList<int>> shards)
{
    /// <summary>Returns the number of images in the name of a block; 0 for a block of the first images.</summary>
    public static int ImagesOf(string block)
    {
        var parts = Path.GetFileNameWithoutExtension(block.Split('/')[^1]).Split('-');
        return parts.Length == 3 && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var images) ? images : 0;
    }

    /// <summary>Writes the blocks of one kind.</summary>
    /// <param name="name">The beginning of their names.</param>
    /// <param name="old">The blocks so far; null for none.</param>
    /// <param name="keyOf">Gets the key of a shard's object.</param>
    /// <param name="cancellation">Cancels the reads and writes.</param>
    public async Task<IReadOnlyList<ActivationBlock>> RunAsync<T>(
        string name, IReadOnlyList<ActivationBlock>? old, Func<string, int, string, string> keyOf, CancellationToken cancellation)
        where T : unmanaged
    {
        var (blocks, neurons, block) = (new List<ActivationBlock>(), index.Neurons, Array.Empty<T>());
        var (shard, piece, source) = (-1, (byte[]?)null, (Number: -1, Values: Array.Empty<T>()));
        for (var row = 0; row < index.Rows;)
        {
            var (first, size) = index.RowsOf(blocks.Count);
            var image = index.ImageOf(row);
            if (shard < 0 || !Reaches(shards[shard], image))
            {
                shard = FindShard(shard + 1, image);
                piece = await store.TryGetAsync(keyOf(atlasId, shard, index.Layer), cancellation);
            }
            var images = shards[shard];
            if (row == first && piece is null && FindSame(blocks.Count, old) is { } same)
            {
                blocks.Add(same);
                row += size;
                continue;
            }
            if (row == first && block.Length != (long)size * neurons)
                block = new T[(long)size * neurons];
            int count;
            if (piece is not null)
            {
                var from = RowOf(images, image);
                count = CountRun(row, first + size, from, at => at < images.Count ? images[at] : -1);
                Transpose(
                    NpyMatrix.Read<T>(piece, keyOf(atlasId, shard, index.Layer), images.Count, neurons, byColumn: false), from, count,
                    neurons, block, size, row - first);
            }
            else
            {
                var from = RowBefore(image, old);
                var number = from / before!.RowsPerBlock;
                var (oldFirst, oldRows) = before.RowsOf(number);
                if (source.Number != number)
                    source = (number, await ReadAsync<T>(old![number], oldRows, cancellation));
                count = CountRun(row, first + size, from, at =>
                    at < oldFirst + oldRows && before.ImageOf(at) <= images[^1] ? before.ImageOf(at) : -1);
                for (var neuron = 0; neuron < neurons; neuron++)
                    source.Values.AsSpan((neuron * oldRows) + from - oldFirst, count).CopyTo(block.AsSpan((neuron * size) + row - first));
            }
            row += count;
            if (row == first + size)
                blocks.Add(await PutAsync(NameOf(name, blocks.Count, old), block, size, neurons, cancellation));
        }
        return blocks;
    }

    private static bool Reaches(IReadOnlyList<int> images, int image) => images.Count > 0 && images[^1] >= image;

    private int FindShard(int shard, int image)
    {
        while (shard < shards.Count && !Reaches(shards[shard], image))
            shard++;
        return shard < shards.Count ? shard : throw new ArgumentException($"no shard has image {image}", nameof(image));
    }

    // A block of only such rows as it had, in the same places.
    private ActivationBlock? FindSame(int number, IReadOnlyList<ActivationBlock>? old)
    {
        var (first, size) = index.RowsOf(number);
        if (before is null || old is null || before.RowsPerBlock != index.RowsPerBlock || before.RowsOf(number).Rows != size)
            return null;
        for (var row = first; row < first + size; row++)
        {
            if (index.ImageOf(row) != before.ImageOf(row))
                return null;
        }
        return old[number];
    }

    // Blocks of more images than before get other names, so that both are there until the index is written.
    private string NameOf(string name, int number, IReadOnlyList<ActivationBlock>? old)
        => before is null || old is null ? $"{name}-{number:D6}.npy"
            : before.Images == index.Images && number < old.Count ? old[number].Key : $"{name}-{number:D6}-{index.Images}.npy";

    // Consecutive rows of the target that are consecutive rows of the source.
    private int CountRun(int row, int end, int from, Func<int, int> imageAt)
    {
        var count = 1;
        while (row + count < end && imageAt(from + count) == index.ImageOf(row + count))
            count++;
        return count;
    }

    private int RowOf(IReadOnlyList<int> images, int image)
    {
        var (low, high) = (0, images.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = images[middle] < image ? (middle + 1, high) : (low, middle);
        }
        return low < images.Count && images[low] == image ? low : throw Missing(image);
    }

    private int RowBefore(int image, IReadOnlyList<ActivationBlock>? old)
        => old is not null && before?.RowOf(image) is >= 0 and var row ? row : throw Missing(image);

    private CorruptTableException Missing(int image) => new(
        $"the activations of layer '{index.Layer}' on image {image} are neither in the results of its shard nor in the layer's blocks");

    private async Task<T[]> ReadAsync<T>(ActivationBlock block, int rows, CancellationToken cancellation)
        where T : unmanaged
    {
        var key = AtlasKeys.ActivationBlock(atlasId, index.Layer, block.Key);
        return NpyMatrix.Read<T>(await store.GetAsync(key, cancellation), key, rows, index.Neurons, byColumn: true).ToArray();
    }

    // Rows of images become columns of neurons. In squares, so that both sides stay in the cache.
    private static void Transpose<T>(ReadOnlySpan<T> piece, int row, int count, int neurons, Span<T> block, int size, int filled)
    {
        const int Square = 32;
        for (var firstNeuron = 0; firstNeuron < neurons; firstNeuron += Square)
        {
            for (var first = 0; first < count; first += Square)
            {
                for (var neuron = firstNeuron; neuron < Math.Min(neurons, firstNeuron + Square); neuron++)
                {
                    for (var i = first; i < Math.Min(count, first + Square); i++)
                        block[(neuron * size) + filled + i] = piece[((row + i) * neurons) + neuron];
                }
            }
        }
    }

    private async Task<ActivationBlock> PutAsync<T>(
        string name, T[] block, int rows, int neurons, CancellationToken cancellation)
        where T : unmanaged
    {
        var file = NpyMatrix.Write<T>(block, rows, neurons, byColumn: true);
        await store.PutAsync(AtlasKeys.ActivationBlock(atlasId, index.Layer, name), file, cancellation);
        return new ActivationBlock(name, Convert.ToHexStringLower(SHA256.HashData(file)));
    }
}
