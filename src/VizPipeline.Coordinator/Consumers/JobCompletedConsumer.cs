using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>Takes a job's result into the catalog. A result that is missing or damaged is a failure of the job.</summary>
internal sealed class JobCompletedConsumer(JobLedger ledger, IObjectStore store, AnswerDesk desk)
    : JobAnswerConsumer<JobCompleted>(desk)
{
    protected override async Task ReceiveAsync(JobCompleted answer, CancellationToken cancellation)
    {
        // A late duplicate need not cost a read of the store; the ledger looks again inside its transaction.
        if (!await ledger.IsCurrentAsync(answer.AtlasId, answer.JobId, answer.Attempt, cancellation))
            return;
        Desk.Announce(await TakeAsync(answer, cancellation), answer.AtlasId, answer.JobId);
    }

    private async Task<LedgerChange> TakeAsync(JobCompleted answer, CancellationToken cancellation)
    {
        var isOurs = answer.ResultKey.StartsWith(AtlasKeys.Root(answer.AtlasId) + "/", StringComparison.Ordinal);
        if (!isOurs || !ObjectKey.IsValid(answer.ResultKey))
            return await FailAsync(answer, $"the result key '{answer.ResultKey}' is not one of the atlas's", cancellation);
        if (await store.TryGetAsync(answer.ResultKey, cancellation) is not { } table)
            return await FailAsync(answer, $"the result {answer.ResultKey} is missing", cancellation);
        try
        {
            var change = await ledger.CompleteAsync(answer, table, cancellation);
            if (change != LedgerChange.Ignored)
                Desk.Metrics.Ingested([answer]);
            return change;
        }
        catch (CorruptTableException damage)
        {
            // A worker answers at once when it finds a result, so the damaged one must go before the job is sent again.
            await store.DeleteAsync(answer.ResultKey, cancellation);
            return await FailAsync(answer, $"the result {answer.ResultKey} is damaged: {damage.Message}", cancellation);
        }
    }

    private Task<LedgerChange> FailAsync(JobCompleted answer, string error, CancellationToken cancellation)
        => ledger.FailAsync(
            new JobFailed(answer.AtlasId, answer.JobId, answer.Attempt, answer.Worker, error, Transient: false), cancellation);
}
