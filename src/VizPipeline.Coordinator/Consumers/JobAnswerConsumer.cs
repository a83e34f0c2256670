using MassTransit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Catalog;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>What the consumers of answers share.</summary>
internal sealed class AnswerDesk(
    AtlasMonitor monitor, DispatchSignal signal, CatalogDatabase database, CoordinatorMetrics metrics, IOptions<CoordinatorOptions> options, TimeProvider time, ILogger<AnswerDesk> logger)
{
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)];

    /// <summary>Shows what the answers tell.</summary>
    public AtlasMonitor Monitor => monitor;

    /// <summary>Counts what is taken.</summary>
    public CoordinatorMetrics Metrics => metrics;

    /// <summary>Says in logs and traces which job's answer is taken; dispose the result afterwards.</summary>
    public AnswerTrace Follow(object answer) => new(answer, logger);

    /// <summary>Tells those who wait for a change.</summary>
    public void Announce(LedgerChange change, string atlasId, long jobId)
    {
        if (change == LedgerChange.Ignored)
            return;
        monitor.Ended(atlasId, jobId);
        signal.Raise();
        if (change == LedgerChange.AtlasFinished)
            monitor.AtlasFinished();
    }

    /// <summary>Takes an answer, and waits where the catalog or the store is out of order: an answer must not be lost.</summary>
    public async Task TakeAsync(Func<Task> take, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await take();
                return;
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                var isOutage = options.Value.SharedBus && (database.IsTransient(failure) || failure is ObjectStoreException { IsTransient: true });
                if (attempt >= Pauses.Length && !isOutage)
                {
                    // The answer is lost and its job would stay "sent" for ever: better to stop and be resumed. On a cluster the broker keeps
                    // the answer apart, and the job is sent again after a while.
                    if (!options.Value.SharedBus)
                        monitor.Stop(failure);
                    throw;
                }
                logger.AnswerWaits(failure.Message.ReplaceLineEndings(" "));
                await Task.Delay(Pauses[Math.Min(attempt, Pauses.Length - 1)], time, cancellation);
            }
        }
    }
}

/// <summary>Receives one kind of a worker's answers. Doing so may fail (a full disk, a busy file) without the job's fault.</summary>
internal abstract class JobAnswerConsumer<T>(AnswerDesk desk) : IConsumer<T>
    where T : class
{
    /// <summary>Where answers are taken.</summary>
    protected AnswerDesk Desk => desk;

    public async Task Consume(ConsumeContext<T> context)
    {
        using var trace = desk.Follow(context.Message);
        await desk.TakeAsync(() => ReceiveAsync(context.Message, context.CancellationToken), context.CancellationToken);
    }

    protected abstract Task ReceiveAsync(T answer, CancellationToken cancellation);
}
