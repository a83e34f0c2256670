using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>Takes a job's result into the catalog. A result that is missing or damaged is a failure of the job.</summary>
internal sealed class JobCompletedConsumer(JobLedger ledger, IObjectStore store, AnswerDesk desk)
    : JobAnswerConsumer<JobCompleted>(desk)
{
    protected override async Task ReceiveAsync(JobCompleted answer, CancellationToken cancellation)
    {
        var isOurs = answer.ResultKey.StartsWith(AtlasKeys.Root(answer.AtlasId) + "/", StringComparison.Ordinal);
        if (!isOurs || !ObjectKey.IsValid(answer.ResultKey))
            await FailAsync(answer, $"the result key '{answer.ResultKey}' is not one of the atlas's", cancellation);
        else if (await Desk.ReadAsync(() => store.TryGetAsync(answer.ResultKey, cancellation), cancellation) is { } table)
            await TakeAsync(answer, table, cancellation);
        else
            await FailAsync(answer, $"the result {answer.ResultKey} is missing", cancellation);
    }

    private async Task TakeAsync(JobCompleted answer, byte[] table, CancellationToken cancellation)
    {
        try
        {
            await Desk.WriteAsync(ledger.Completed(answer, table), cancellation);
        }
        catch (CorruptTableException damage)
        {
            // A worker answers at once when it finds a result, so the damaged one must go before the job is sent again.
            await store.DeleteAsync(answer.ResultKey, cancellation);
            await FailAsync(answer, $"the result {answer.ResultKey} is damaged: {damage.Message}", cancellation);
        }
    }

    private Task FailAsync(JobCompleted answer, string error, CancellationToken cancellation)
        => Desk.WriteAsync(ledger.Failed(new JobFailed(answer.AtlasId, answer.JobId, answer.Attempt, answer.Worker, error, Transient: false)), cancellation);
}
