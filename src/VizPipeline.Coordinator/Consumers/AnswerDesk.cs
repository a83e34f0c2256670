using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>
/// Batches the answers of all workers. Answers that arrive while the catalog is being written are written next, together, in one
/// transaction and in the order of their arrival.
/// </summary>
internal sealed class AnswerDesk(
    JobLedger ledger, AtlasMonitor monitor, DispatchSignal signal, CatalogDatabase database, IOptions<CoordinatorOptions> options,
    ServiceTroubles troubles,
    TimeProvider time, ILogger<AnswerDesk> logger)
    : IDisposable
{
    /// <summary>
    /// Maximum number of answers per transaction: large enough to amortize its cost, small enough that no answer waits long.
    /// </summary>
    public const int LargestBatch = 256;

    private const int Reads = 16;
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)];
    private readonly ConcurrentQueue<Waiting> _queue = new();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly SemaphoreSlim _reads = new(Reads);

    /// <summary>Writes a change and notifies the monitor and the dispatcher.</summary>
    /// <exception cref="CorruptTableException">The result does not belong to the job; nothing has changed.</exception>
    public Task WriteAsync(LedgerEntry entry, CancellationToken cancellation) => WriteAsync(new Waiting(entry, null), cancellation);

    /// <summary>Records a worker's report about itself.</summary>
    public Task WriteAsync(WorkerReported report, CancellationToken cancellation) => WriteAsync(new Waiting(null, report), cancellation);

    /// <summary>Reads from the store with limited concurrency.</summary>
    public async Task<T> ReadAsync<T>(Func<Task<T>> read, CancellationToken cancellation)
    {
        await _reads.WaitAsync(cancellation);
        try
        {
            return await read();
        }
        finally
        {
            _reads.Release();
        }
    }

    /// <summary>Takes an answer and waits while the catalog or the store is unavailable, because an answer must not be lost.</summary>
    public async Task TakeAsync(Func<Task> take, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await take();
                if (attempt > 0)
                    troubles.End(nameof(AnswerDesk));
                return;
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                if (attempt + 1 >= options.Value.MaxFailuresInARow)
                {
                    monitor.Stop(failure);
                    throw;
                }
                var error = failure.Message.ReplaceLineEndings(" ");
                troubles.Tell(nameof(AnswerDesk), $"answers of workers cannot be taken and are tried again: {error}");
                // Any failure may be temporary, such as a store that refuses requests or a full disk. The broker moves the answer to an
                // error queue, and ErrorQueues returns it.
                if (!IsOutage(failure) && time.GetElapsedTime(began) > options.Value.AnswerPatience)
                    throw;
                logger.AnswerWaits(error);
                await Task.Delay(Pauses[Math.Min(attempt, Pauses.Length - 1)], time, cancellation);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _turn.Dispose();
        _reads.Dispose();
    }

    // The first to acquire the catalog writes for all who wait.
    private async Task WriteAsync(Waiting mine, CancellationToken cancellation)
    {
        _queue.Enqueue(mine);
        await _turn.WaitAsync(cancellation);
        try
        {
            while (!mine.Done.Task.IsCompleted)
                await WriteTogetherAsync(NextBatch());
        }
        finally
        {
            _turn.Release();
        }
        await mine.Done.Task;
    }

    private List<Waiting> NextBatch()
    {
        var batch = new List<Waiting>();
        while (batch.Count < LargestBatch && _queue.TryDequeue(out var next))
            batch.Add(next);
        return batch;
    }

    private async Task WriteTogetherAsync(List<Waiting> batch)
    {
        try
        {
            // The batch contains answers of other callers, so it is not cancelled with this one.
            var entries = batch.Where(waiting => waiting.Entry is not null).ToList();
            var changes = await ledger.ApplyAsync(
                [.. entries.Select(waiting => waiting.Entry!)],
                [.. batch.Select(waiting => waiting.Report).OfType<WorkerReported>()], CancellationToken.None);
            foreach (var (waiting, change) in entries.Zip(changes))
                Announce(waiting.Entry!, change);
            batch.ForEach(waiting => waiting.Done.SetResult());
        }
        catch (Exception failure) when (batch.Count > 1 && !IsOutage(failure))
        {
            // One bad answer fails the whole transaction, so write them one by one.
            foreach (var waiting in batch)
                await WriteTogetherAsync([waiting]);
        }
        catch (Exception failure)
        {
            batch.ForEach(waiting => waiting.Done.SetException(failure));
        }
    }

    private void Announce(LedgerEntry entry, LedgerChange change)
    {
        if (change == LedgerChange.Ignored || entry.IsBeginning)
            return;
        monitor.Ended(entry.AtlasId, entry.JobId);
        signal.Raise();
        if (change == LedgerChange.AtlasFinished)
            monitor.AtlasFinished();
    }

    private bool IsOutage(Exception failure)
        => database.IsTransient(failure) || failure is ObjectStoreException { IsTransient: true };

    private sealed record Waiting(LedgerEntry? Entry, WorkerReported? Report)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
