using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Worker;

/// <summary>Reports the worker's state to the coordinators every few seconds.</summary>
internal sealed class WorkerReporter(
    IJobBus bus, DeviceGate gate, WorkerMetrics metrics, IOptions<WorkerOptions> options, IHostApplicationLifetime lifetime,
    ReportHealth health,
    TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.StartAtZero(options.Value.KindNames());
        await FindDevicesAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            // While the broker is unavailable, the call waits. An outdated report is useless, so it is dropped.
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            limit.CancelAfter(Pause);
            try
            {
                await bus.ReportAsync(Report(), limit.Token);
                health.Reported();
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The next report replaces this one; the health check reports if none gets through.
            }
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Reports name the actual devices instead of "auto". If none is available, the worker stops.
    private async Task FindDevicesAsync(CancellationToken cancellation)
    {
        try
        {
            await gate.FindAsync().WaitAsync(cancellation);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // The gate has already logged the failure.
        }
    }

    private WorkerReported Report()
    {
        var (worker, devices) = (options.Value, gate.Devices);
        var job = devices.Select(device => device.Activity.InHand).FirstOrDefault(job => job is not null);
        var state = lifetime.ApplicationStopping.IsCancellationRequested ? WorkerState.Stopping
            : job is null ? WorkerState.Idle : WorkerState.Busy;
        return new WorkerReported(
            worker.Name, Environment.MachineName, Environment.ProcessId, gate.Text(), VizTelemetry.Version, [.. worker.KindNames()], state,
            job?.AtlasId, job?.JobId, devices.Sum(device => device.Activity.Done),
            Environment.WorkingSet, gate.Started, devices.Count(device => device.Fault is null));
    }
}
