using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Takes back a job that a worker did not do.</summary>
internal sealed class JobReturnedConsumer(JobLedger ledger, AnswerDesk desk) : JobAnswerConsumer<JobReturned>(desk)
{
    protected override Task ReceiveAsync(JobReturned answer, CancellationToken cancellation) => Desk.WriteAsync(ledger.TakenBack(answer), cancellation);
}
