using System.Diagnostics.Metrics;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Metrics of every coordinator about the answers that it takes. They cost nothing without a listener.</summary>
internal sealed class CoordinatorMetrics
{
    private static readonly double[] LagSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900];
    private static readonly int[] BatchSizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

    private readonly TimeProvider _time;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _retries;
    private readonly Histogram<double> _lag;
    private readonly Histogram<int> _batchSize;

    public CoordinatorMetrics(IMeterFactory meters, TimeProvider time)
    {
        this._time = time;
        var meter = meters.Create(VizTelemetry.Name);
        _failures = meter.CreateCounter<long>(
            "viz_job_failures_total",
            description: "Attempts at a job that ended with an error, and jobs given up because their workers died.");
        _retries = meter.CreateCounter<long>(
            "viz_job_retries_total",
            description: "Jobs to be tried again after a failure, or after their worker died or lost its connection.");
        _lag = meter.CreateHistogram(
            "viz_ingest_lag_seconds", "s", "From the end of a job on its worker to its rows in the catalog.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = LagSeconds });
        _batchSize = meter.CreateHistogram(
            "viz_ingest_batch_size", description: "Results taken into the catalog in one transaction.",
            advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = BatchSizes });
    }

    /// <summary>Initializes the counters before the first event, because Prometheus ignores the first value of a counter.</summary>
    public void StartAtZero()
    {
        foreach (var kind in JobKinds.All.Select(row => row.Kind))
        {
            _failures.Add(0, Of(kind));
            _retries.Add(0, Of(kind));
        }
    }

    /// <summary>Records that a job failed, or was given up after losing too many workers.</summary>
    public void Failed(JobKind kind) => _failures.Add(1, Of(kind));

    /// <summary>Records that a job is retried automatically.</summary>
    public void Retried(JobKind kind) => _retries.Add(1, Of(kind));

    /// <summary>Records results that one transaction committed to the catalog.</summary>
    public void Ingested(IReadOnlyCollection<JobCompleted> batch)
    {
        _batchSize.Record(batch.Count);
        var now = _time.GetUtcNow();
        // Uses the clocks of two machines, which may differ.
        foreach (var answer in batch)
            _lag.Record(Math.Max(0, (now - answer.Started).TotalSeconds - answer.ElapsedSeconds));
    }

    private static KeyValuePair<string, object?> Of(JobKind kind) => new("kind", kind.Name());
}
