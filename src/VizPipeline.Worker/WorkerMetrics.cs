using System.Diagnostics.Metrics;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Worker;

/// <summary>What a worker counts. Without anyone who listens it costs nothing.</summary>
public sealed class WorkerMetrics
{
    // Fine where jobs should be and coarse beyond.
    private static readonly double[] JobSeconds = [0.1, 0.5, 1, 5, 10, 20, 30, 60, 90, 120, 180, 300, 600, 1800];

    private readonly Histogram<double> _duration;
    private readonly Counter<long> _units;

    /// <summary>The metrics of the worker whose devices they are.</summary>
    public WorkerMetrics(IMeterFactory meters, DeviceGate gate)
    {
        ArgumentNullException.ThrowIfNull(meters);
        ArgumentNullException.ThrowIfNull(gate);
        var meter = meters.Create(VizTelemetry.Name);
        _duration = meter.CreateHistogram(
            "viz_job_duration_seconds", "s", "Seconds of the jobs that completed.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = JobSeconds });
        _units = meter.CreateCounter<long>("viz_units_total", description: "Work done: images of scans, sheets and filters by the piece, neurons of the others.");
        meter.CreateObservableGauge(
            "viz_worker_busy_ratio",
            () => gate.Devices.Select(device => new Measurement<double>(device.Activity.RecentBusyRatio, Tag(device))),
            description: "Share of about the last minute with a job in hand, from 0 to 1, by device.");
        meter.CreateObservableGauge(
            "viz_worker_devices_set_aside",
            () => gate.Devices.Select(device => new Measurement<int>(device.Fault is null ? 0 : 1, Tag(device))),
            description: "1 for a device that takes no work because it failed, else 0.");
    }

    /// <summary>Lets the counters be seen before the first job: Prometheus takes no notice of a counter's first value.</summary>
    internal void StartAtZero(IEnumerable<string> kinds)
    {
        foreach (var kind in kinds.Where(kind => kind != WorkerOptions.Live))
            _units.Add(0, new KeyValuePair<string, object?>("kind", kind));
    }

    private static KeyValuePair<string, object?> Tag(ComputeDevice device) => new("device", device.Name);

    /// <summary>A job completed.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="device">What it was computed on.</param>
    /// <param name="seconds">How long it took.</param>
    /// <param name="units">Units of work that were really done: none where the result was there already.</param>
    internal void Completed(JobKind kind, string device, double seconds, int units)
    {
        var kindTag = new KeyValuePair<string, object?>("kind", kind.Name());
        _duration.Record(seconds, kindTag, new KeyValuePair<string, object?>("device", device));
        _units.Add(units, kindTag);
    }
}
