using MassTransit;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Counts a failure that a worker could not report itself: its consumer threw.</summary>
internal sealed class JobFaultConsumer<T>(JobLedger ledger, AnswerDesk desk) : JobAnswerConsumer<Fault<T>>(desk)
    where T : class, IJobCommand
{
    protected override async Task ReceiveAsync(Fault<T> answer, CancellationToken cancellation)
    {
        var job = answer.Message;
        var error = answer.Exceptions.FirstOrDefault() is { } thrown
            ? $"{thrown.ExceptionType}: {thrown.Message}"
            : "the worker failed without a reason";
        var failed = new JobFailed(job.AtlasId, job.JobId, job.Attempt, answer.Host?.MachineName ?? "unknown", error, Transient: false);
        await Desk.WriteAsync(ledger.Failed(failed), cancellation);
    }
}
