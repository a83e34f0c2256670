using MassTransit;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Counts a failure that a worker could not report itself: its consumer threw.</summary>
internal sealed class JobFaultConsumer<T>(JobLedger ledger, AnswerDesk desk, ErrorQueueSignal aside) : JobAnswerConsumer<Fault<T>>(desk)
    where T : class, IJobCommand
{
    protected override async Task ReceiveAsync(Fault<T> answer, CancellationToken cancellation)
    {
        // The command itself lies in its queue's error queue now.
        aside.Raise();
        var job = answer.Message;
        // A worker that is told to stop while it starts has taken its parts down before the first command came: no fault of the job.
        if (answer.Exceptions.FirstOrDefault()?.ExceptionType == typeof(ObjectDisposedException).FullName)
        {
            var returned = new JobReturned(
                job.AtlasId, job.JobId, job.Attempt, answer.Host?.MachineName ?? "unknown", ReturnReason.Stopping);
            await Desk.WriteAsync(ledger.TakenBack(returned), cancellation);
            return;
        }
        var error = answer.Exceptions.FirstOrDefault() is { } thrown
            ? $"{thrown.ExceptionType}: {thrown.Message}"
            : "the worker failed without a reason";
        var failed = new JobFailed(job.AtlasId, job.JobId, job.Attempt, answer.Host?.MachineName ?? "unknown", error, Transient: false);
        await Desk.WriteAsync(ledger.Failed(failed), cancellation);
    }
}
