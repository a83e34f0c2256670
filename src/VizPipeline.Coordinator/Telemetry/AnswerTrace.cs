using System.Diagnostics;
using Microsoft.Extensions.Logging;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Adds the job of the current answer to log lines and to a span.</summary>
internal static class AnswerTrace
{
    /// <summary>Begins the scope of an answer; dispose the result when the answer is taken.</summary>
    public static IDisposable Trace(this IJobAnswer answer, ILogger logger)
    {
        var scope = logger.BeginScope(
            new Dictionary<string, object> { ["atlas"] = answer.AtlasId, ["job"] = answer.JobId, ["attempt"] = answer.Attempt });
        var span = VizTelemetry.StartJob("ingest", ActivityKind.Consumer, answer.AtlasId, answer.JobId, answer.Attempt)
            ?.SetTag("viz.answer", answer.GetType().Name);
        return new Both(span, scope);
    }

    private sealed class Both(Activity? span, IDisposable? scope) : IDisposable
    {
        public void Dispose()
        {
            span?.Dispose();
            scope?.Dispose();
        }
    }
}
