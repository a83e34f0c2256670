using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Takes back a job that a worker did not do.</summary>
internal sealed class JobReturnedConsumer(JobLedger ledger, AnswerDesk desk) : JobAnswerConsumer<JobReturned>(desk)
{
    protected override async Task ReceiveAsync(JobReturned answer, CancellationToken cancellation)
        => Desk.Announce(await ledger.TakeBackAsync(answer, cancellation), answer.AtlasId, answer.JobId);
}
