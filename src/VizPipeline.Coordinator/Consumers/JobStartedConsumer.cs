using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Notes which worker has a job.</summary>
internal sealed class JobStartedConsumer(AtlasMonitor monitor, AnswerDesk desk) : JobAnswerConsumer<JobStarted>(desk)
{
    protected override Task ReceiveAsync(JobStarted answer, CancellationToken cancellation)
        => Desk.WriteAsync(JobLedger.Started(answer, kind => monitor.Started(kind, answer)), cancellation);
}
