using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Notes what a worker tells of itself.</summary>
internal sealed class WorkerReportedConsumer(JobLedger ledger, AnswerDesk desk) : JobAnswerConsumer<WorkerReported>(desk)
{
    protected override Task ReceiveAsync(WorkerReported answer, CancellationToken cancellation) => ledger.ReportAsync(answer, cancellation);
}
