using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Worker;

/// <summary>Tells the coordinators every few seconds that this worker lives and what it does.</summary>
internal sealed class WorkerReporter(
    IJobBus bus, DeviceGate gate, WorkerMetrics metrics, IOptions<WorkerOptions> options, IHostApplicationLifetime lifetime,
    ReportHealth health,
    TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.StartAtZero(options.Value.KindNames());
        await FindDevices(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            // While the broker is away it waits here, and what it said in the meantime is of no use to anyone.
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            limit.CancelAfter(Pause);
            try
            {
                await bus.ReportAsync(Report(), limit.Token);
                health.Reported();
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The next report tells more; the health tells when none gets through.
            }
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // "auto" tells nobody what a worker computes on. What cannot be had ends the worker.
    private async Task FindDevices(CancellationToken cancellation)
    {
        try
        {
            await gate.FindAsync().WaitAsync(cancellation);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // The gate has said so.
        }
    }

    private WorkerReported Report()
    {
        var (worker, devices) = (options.Value, gate.Devices);
        var job = devices.Select(device => device.Activity.InHand).FirstOrDefault(job => job is not null);
        var state = lifetime.ApplicationStopping.IsCancellationRequested ? WorkerState.Stopping : job is null ? WorkerState.Idle : WorkerState.Busy;
        return new WorkerReported(
            worker.Name, Environment.MachineName, Environment.ProcessId, gate.Text(), VizTelemetry.Version, [.. worker.KindNames()], state,
            job?.AtlasId, job?.JobId, devices.Sum(device => device.Activity.Done),
            Environment.WorkingSet, gate.Started, devices.Count(device => device.Fault is null));
    }
}
