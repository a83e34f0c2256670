using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Notes which worker has a job.</summary>
internal sealed class JobStartedConsumer(JobLedger ledger, AnswerDesk desk, CatalogDatabase database) : JobAnswerConsumer<JobStarted>(desk)
{
    protected override async Task ReceiveAsync(JobStarted answer, CancellationToken cancellation)
    {
        if (await ledger.StartAsync(answer, cancellation) == LedgerChange.Ignored)
            return;
        await using var catalog = database.Open();
        if (await catalog.FindJobKindAsync(answer.AtlasId, answer.JobId, cancellation) is { } kind)
            Desk.Monitor.Started(kind, answer);
    }
}
