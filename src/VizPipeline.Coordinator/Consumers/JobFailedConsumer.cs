using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Counts a failure that a worker reports.</summary>
internal sealed class JobFailedConsumer(JobLedger ledger, AnswerDesk desk) : JobAnswerConsumer<JobFailed>(desk)
{
    protected override async Task ReceiveAsync(JobFailed answer, CancellationToken cancellation)
        => Desk.Announce(await ledger.FailAsync(answer, cancellation), answer.AtlasId, answer.JobId);
}
