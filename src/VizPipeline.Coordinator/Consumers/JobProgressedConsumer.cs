using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Shows progress within a job. It is not stored.</summary>
internal sealed class JobProgressedConsumer(AtlasMonitor monitor, DispatchSignal signal) : JobAnswerConsumer<JobProgressed>(monitor, signal)
{
    protected override Task ReceiveAsync(JobProgressed answer, CancellationToken cancellation)
    {
        Monitor.Progressed(answer);
        return Task.CompletedTask;
    }
}
