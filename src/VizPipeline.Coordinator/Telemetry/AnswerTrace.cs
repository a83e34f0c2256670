using System.Diagnostics;
using MassTransit;
using Microsoft.Extensions.Logging;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>While an answer is taken, log lines and a span say which job it is of.</summary>
internal sealed class AnswerTrace : IDisposable
{
    private readonly Activity? span;
    private readonly IDisposable? scope;

    /// <summary>Begins; dispose it when the answer is taken. Answers that are of no job leave no trace.</summary>
    public AnswerTrace(object answer, ILogger logger)
    {
        if (JobOf(answer) is not var (atlas, job, attempt))
            return;
        scope = logger.BeginScope(new Dictionary<string, object> { ["atlas"] = atlas, ["job"] = job, ["attempt"] = attempt });
        span = VizTelemetry.StartJob("ingest", ActivityKind.Consumer, atlas, job, attempt)?.SetTag("viz.answer", answer is Fault ? nameof(Fault) : answer.GetType().Name);
    }

    public void Dispose()
    {
        span?.Dispose();
        scope?.Dispose();
    }

    private static (string Atlas, long Job, int Attempt)? JobOf(object answer) => answer switch
    {
        JobStarted started => (started.AtlasId, started.JobId, started.Attempt),
        JobCompleted completed => (completed.AtlasId, completed.JobId, completed.Attempt),
        JobFailed failed => (failed.AtlasId, failed.JobId, failed.Attempt),
        JobReturned returned => (returned.AtlasId, returned.JobId, returned.Attempt),
        Fault<IJobCommand> { Message: var command } => (command.AtlasId, command.JobId, command.Attempt),
        _ => null,
    };
}
