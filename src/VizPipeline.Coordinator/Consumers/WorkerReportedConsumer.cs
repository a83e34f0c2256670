using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Notes what a worker tells of itself.</summary>
internal sealed class WorkerReportedConsumer(AnswerDesk desk) : JobAnswerConsumer<WorkerReported>(desk)
{
    protected override Task ReceiveAsync(WorkerReported answer, CancellationToken cancellation) => Desk.WriteAsync(answer, cancellation);
}
