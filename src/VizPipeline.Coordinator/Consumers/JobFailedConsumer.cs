using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Counts a failure that a worker reports.</summary>
internal sealed class JobFailedConsumer(JobLedger ledger, AnswerDesk desk) : JobAnswerConsumer<JobFailed>(desk)
{
    protected override Task ReceiveAsync(JobFailed answer, CancellationToken cancellation) => Desk.WriteAsync(ledger.Failed(answer), cancellation);
}
