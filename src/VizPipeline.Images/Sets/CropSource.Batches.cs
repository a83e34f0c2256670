using System.Buffers;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace VizPipeline.Images;

// Reading ahead of the consumer, in order.
public sealed partial class CropSource
{
    // One batch with the consumer, one finished, one or two being filled: more would only take memory.
    private const int BatchesAhead = 3;

    /// <summary>
    /// Reads crops in batches, decoding ahead of the consumer on <paramref name="readers"/> threads, in the order of the indices.
    /// </summary>
    /// <remarks>
    /// At most four batches are in memory, including the consumer's. The last batch may be smaller, and a batch without any readable image
    /// is empty.
    /// </remarks>
    /// <param name="indices">The images to read, in order.</param>
    /// <param name="batchSize">Images per batch, at least 1.</param>
    /// <param name="readers">Images decoded at the same time, at least 1.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1, or an index does not exist in the set.</exception>
    public IAsyncEnumerable<CropBatch> ReadBatches(
        IReadOnlyList<int> indices, int batchSize, int readers, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(readers, 1);
        foreach (var index in indices)
            Entry(index);
        return ReadAheadAsync(indices, batchSize, readers, cancellationToken);
    }

    private async IAsyncEnumerable<CropBatch> ReadAheadAsync(
        IReadOnlyList<int> indices, int batchSize, int readers, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = Channel.CreateUnbounded<(Assembly Batch, int Position)>();
        var tasks = Enumerable.Range(0, readers)
            .Select(_ => Task.Factory.StartNew(
                () => ReadWork(work.Reader, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))
            .ToArray();
        var ahead = new Queue<Assembly>();
        try
        {
            for (var next = 0; next < indices.Count || ahead.Count > 0;)
            {
                for (; next < indices.Count && ahead.Count < BatchesAhead; next += batchSize)
                    ahead.Enqueue(Start(work.Writer, [.. indices.Skip(next).Take(batchSize)]));
                await ahead.Peek().Completed.WaitAsync(cancellationToken).ConfigureAwait(false);
                yield return ahead.Dequeue().ToBatch();
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            // Buffers are returned to the pool only after the last reader has stopped writing into them.
            await Task.WhenAll(tasks).ConfigureAwait(false);
            foreach (var batch in ahead)
                batch.Discard();
        }
    }

    private Assembly Start(ChannelWriter<(Assembly, int)> work, int[] indices)
    {
        var batch = new Assembly(indices, Preprocessing.CropBytes);
        for (var position = 0; position < indices.Length; position++)
            work.TryWrite((batch, position));
        return batch;
    }

    private void ReadWork(ChannelReader<(Assembly Batch, int Position)> work, CancellationToken cancellationToken)
    {
        LowPriority.EnterThread();
        try
        {
            foreach (var (batch, position) in work.ReadAllAsync(cancellationToken).ToBlockingEnumerable(cancellationToken))
            {
                // Otherwise the images that wait in the channel would still be decoded for nothing.
                cancellationToken.ThrowIfCancellationRequested();
                batch.Fill(position, this, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The consumer has finished or left; that ends a reader normally.
        }
    }

    /// <summary>
    /// A batch being filled: each image has its place in the buffer, and the reader that fills the last one completes it.
    /// </summary>
    private sealed class Assembly(int[] indices, int cropBytes)
    {
        private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(checked(indices.Length * cropBytes));
        private readonly string?[] _reasons = new string?[indices.Length];
        private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _missing = indices.Length;

        public Task Completed => _completed.Task;

        public void Fill(int position, CropSource source, CancellationToken cancellation)
        {
            try
            {
                _reasons[position] = source.Read(indices[position], Place(position), cancellation);
                if (Interlocked.Decrement(ref _missing) == 0)
                    _completed.TrySetResult();
            }
            catch (Exception error)
            {
                // Not the image's fault (memory, a bug): the consumer gets the exception instead of waiting forever.
                _completed.TrySetException(error);
            }
        }

        public CropBatch ToBatch()
        {
            var readable = new List<int>(indices.Length);
            var skipped = new List<SkippedImage>();
            for (var position = 0; position < indices.Length; position++)
            {
                if (_reasons[position] is { } reason)
                {
                    skipped.Add(new(indices[position], reason));
                    continue;
                }
                if (readable.Count < position)
                    Place(position).CopyTo(Place(readable.Count));
                readable.Add(indices[position]);
            }
            return new(_buffer, cropBytes, [.. readable], [.. skipped]);
        }

        public void Discard() => ArrayPool<byte>.Shared.Return(_buffer);

        private Span<byte> Place(int position) => _buffer.AsSpan(position * cropBytes, cropBytes);
    }
}
