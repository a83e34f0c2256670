using MassTransit;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Shows progress within a job. It is not stored.</summary>
internal sealed class JobProgressedConsumer(AtlasMonitor monitor) : IConsumer<JobProgressed>
{
    public Task Consume(ConsumeContext<JobProgressed> context)
    {
        monitor.Progressed(context.Message);
        return Task.CompletedTask;
    }
}
