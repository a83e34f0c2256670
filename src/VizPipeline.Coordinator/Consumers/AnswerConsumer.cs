using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>Takes what workers send to the coordinators: answers about jobs, reports, and the question whether jobs are left.</summary>
internal sealed class AnswerConsumer(
    JobLedger ledger, AtlasMonitor monitor, IObjectStore store, CatalogDatabase database, AnswerDesk desk, ILogger<AnswerConsumer> logger)
{
    public async Task<IBusMessage?> ReceiveAsync(BusDelivery delivery, CancellationToken cancellation)
    {
        using var trace = (delivery.Message as IJobAnswer)?.Trace(logger);
        switch (delivery.Message)
        {
            case OpenJobsAsked question:
                return await CountOpenAsync(question, cancellation);
            case var answer:
                await desk.TakeAsync(() => TakeAsync(answer, cancellation), cancellation);
                return null;
        }
    }

    // Taking an answer may fail, because a disk is full or a file is busy, without the job's fault.
    private Task TakeAsync(IBusMessage answer, CancellationToken cancellation) => answer switch
    {
        JobStarted started => desk.WriteAsync(JobLedger.Started(started, job => monitor.Started(job, started)), cancellation),
        JobCompleted completed => TakeResultAsync(completed, cancellation),
        JobFailed failed => desk.WriteAsync(ledger.Failed(failed), cancellation),
        JobReturned returned => desk.WriteAsync(ledger.TakenBack(returned), cancellation),
        WorkerReported report => desk.WriteAsync(report, cancellation),
        _ => throw new InvalidOperationException($"{answer.GetType().Name} is not an answer"),
    };

    // Progress is shown and not stored.
    public Task<IBusMessage?> ShowProgressAsync(BusDelivery delivery, CancellationToken cancellation)
    {
        monitor.Progressed((JobProgressed)delivery.Message);
        return Task.FromResult<IBusMessage?>(null);
    }

    private async Task<IBusMessage> CountOpenAsync(OpenJobsAsked question, CancellationToken cancellation)
    {
        var kinds = JobKinds.All.Where(kind => question.Kinds.Contains(kind.Name)).Select(kind => kind.Kind).ToList();
        await using var catalog = database.Open();
        return new OpenJobs(await StageAdvance.Open(catalog.Jobs.Where(job => kinds.Contains(job.Kind))).CountAsync(cancellation));
    }

    // A result that is missing or damaged is a failure of the job.
    private async Task TakeResultAsync(JobCompleted answer, CancellationToken cancellation)
    {
        var isOurs = answer.ResultKey.StartsWith(AtlasKeys.Root(answer.AtlasId) + "/", StringComparison.Ordinal);
        if (!isOurs || !ObjectKey.IsValid(answer.ResultKey))
            await FailAsync(answer, $"the result key '{answer.ResultKey}' is not one of the atlas's", cancellation);
        else if (await desk.ReadAsync(() => store.TryGetAsync(answer.ResultKey, cancellation), cancellation) is { } table)
            await TakeResultAsync(answer, table, cancellation);
        else
            await FailAsync(answer, $"the result {answer.ResultKey} is missing", cancellation);
    }

    private async Task TakeResultAsync(JobCompleted answer, byte[] table, CancellationToken cancellation)
    {
        try
        {
            await desk.WriteAsync(ledger.Completed(answer, table, job => monitor.Completed(job, answer)), cancellation);
        }
        catch (CorruptTableException damage)
        {
            // A worker answers at once when it finds a result, so the damaged one must go before the job is sent again.
            await store.DeleteAsync(answer.ResultKey, cancellation);
            await FailAsync(answer, $"the result {answer.ResultKey} is damaged: {damage.Message}", cancellation);
        }
    }

    private Task FailAsync(JobCompleted answer, string error, CancellationToken cancellation) => desk.WriteAsync(
        ledger.Failed(new JobFailed(answer.AtlasId, answer.JobId, answer.Attempt, answer.Worker, error, Transient: false)), cancellation);
}
