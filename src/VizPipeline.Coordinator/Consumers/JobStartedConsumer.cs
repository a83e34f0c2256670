using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Notes which worker has a job.</summary>
internal sealed class JobStartedConsumer(JobLedger ledger, AtlasMonitor monitor, DispatchSignal signal, CatalogDatabase database)
    : JobAnswerConsumer<JobStarted>(monitor, signal)
{
    protected override async Task ReceiveAsync(JobStarted answer, CancellationToken cancellation)
    {
        if (await ledger.StartAsync(answer, cancellation) == LedgerChange.Ignored)
            return;
        await using var catalog = database.Open();
        if (await catalog.FindJobKindAsync(answer.AtlasId, answer.JobId, cancellation) is { } kind)
            Monitor.Started(kind, answer);
    }
}
