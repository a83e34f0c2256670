using System.Diagnostics.Metrics;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Worker;

/// <summary>Metrics of a worker. They cost nothing without a listener.</summary>
public sealed class WorkerMetrics
{
    // Fine-grained for the planned durations of jobs, coarse above.
    private static readonly double[] JobSeconds = [0.1, 0.5, 1, 5, 10, 20, 30, 60, 90, 120, 180, 300, 600, 1800];

    private readonly Histogram<double> _duration;
    private readonly Counter<long> _units;

    /// <summary>Creates the metrics of a worker from its devices.</summary>
    public WorkerMetrics(IMeterFactory meters, DeviceGate gate)
    {
        ArgumentNullException.ThrowIfNull(meters);
        ArgumentNullException.ThrowIfNull(gate);
        var meter = meters.Create(VizTelemetry.Name);
        _duration = meter.CreateHistogram(
            "viz_job_duration_seconds", "s", "Seconds of the jobs that completed.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = JobSeconds });
        _units = meter.CreateCounter<long>(
            "viz_units_total", description: "Work done: images of scans, sheets and filters by the piece, neurons of the others.");
        meter.CreateObservableGauge(
            "viz_worker_busy_ratio",
            () => gate.Devices.Select(device => new Measurement<double>(device.Activity.RecentBusyRatio, Tag(device))),
            description: "Share of about the last minute with a job in hand, from 0 to 1, by device.");
        meter.CreateObservableGauge(
            "viz_worker_devices_set_aside",
            () => gate.Devices.Select(device => new Measurement<int>(device.Fault is null ? 0 : 1, Tag(device))),
            description: "1 for a device that takes no work because it failed, else 0.");
    }

    /// <summary>Initializes the counters before the first job, because Prometheus ignores the first value of a counter.</summary>
    internal void StartAtZero(IEnumerable<string> kinds)
    {
        foreach (var kind in kinds.Where(kind => kind != WorkerOptions.Live))
            _units.Add(0, new KeyValuePair<string, object?>("kind", kind));
    }

    private static KeyValuePair<string, object?> Tag(ComputeDevice device) => new("device", device.Name);

    /// <summary>Records a completed job.</summary>
    /// <param name="kind">The kind of the job.</param>
    /// <param name="device">The device that ran it.</param>
    /// <param name="seconds">How long the job took.</param>
    /// <param name="units">The units of work actually done; 0 if the result already existed.</param>
    internal void Completed(JobKind kind, string device, double seconds, int units)
    {
        var kindTag = new KeyValuePair<string, object?>("kind", kind.Name());
        _duration.Record(seconds, kindTag, new KeyValuePair<string, object?>("device", device));
        _units.Add(units, kindTag);
    }
}
