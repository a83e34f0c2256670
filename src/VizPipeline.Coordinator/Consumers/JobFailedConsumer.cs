using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Counts a failure that a worker reports.</summary>
internal sealed class JobFailedConsumer(JobLedger ledger, AtlasMonitor monitor, DispatchSignal signal)
    : JobAnswerConsumer<JobFailed>(monitor, signal)
{
    protected override async Task ReceiveAsync(JobFailed answer, CancellationToken cancellation)
        => Announce(await ledger.FailAsync(answer, cancellation), answer.AtlasId, answer.JobId);
}
