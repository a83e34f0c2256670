using MassTransit;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Tells a worker that has nothing to do whether it may end.</summary>
internal sealed class OpenJobsConsumer(CatalogDatabase database) : IConsumer<OpenJobsAsked>
{
    public async Task Consume(ConsumeContext<OpenJobsAsked> context)
    {
        var kinds = Enum.GetValues<JobKind>().Where(kind => context.Message.Kinds.Contains(QueueNames.Name(kind))).ToList();
        await using var catalog = database.Open();
        var open = await StageAdvance.Open(catalog.Jobs.Where(job => kinds.Contains(job.Kind))).CountAsync(context.CancellationToken);
        await context.RespondAsync(new OpenJobs(open));
    }
}
