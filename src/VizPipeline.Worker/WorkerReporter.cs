using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.Network.Torch;

namespace VizPipeline.Worker;

/// <summary>Tells the coordinators every few seconds that this worker lives and what it does.</summary>
internal sealed class WorkerReporter(
    IBus bus, WorkerActivity activity, WorkerMetrics metrics, IOptions<WorkerOptions> options, IHostApplicationLifetime lifetime,
    ReportHealth health, TimeProvider time, ILogger<WorkerReporter> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.StartAtZero(options.Value.KindNames());
        await FindDevice(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            // While the broker is away it waits here, and what it said in the meantime is of no use to anyone.
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            limit.CancelAfter(Pause);
            try
            {
                await bus.Publish(Report(), limit.Token);
                health.Reported();
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The next report tells more; the health tells when none gets through.
            }
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // "auto" tells nobody what a worker computes on. What cannot be had is told by the first job as well.
    private async Task FindDevice(CancellationToken cancellation)
    {
        activity.Device = options.Value.Device;
        try
        {
            activity.Device = await TorchThread.Run(() => Task.FromResult(TorchDevice.Find(options.Value.Device).ToString()), cancellation);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            logger.DeviceUnusable(failure.Message.ReplaceLineEndings(" "));
        }
    }

    private WorkerReported Report()
    {
        var (worker, job) = (options.Value, activity.InHand);
        var state = lifetime.ApplicationStopping.IsCancellationRequested ? WorkerState.Stopping : job is null ? WorkerState.Idle : WorkerState.Busy;
        return new WorkerReported(
            worker.Name, Environment.MachineName, Environment.ProcessId, activity.Device, VizTelemetry.Version, [.. worker.KindNames()], state,
            job?.AtlasId, job?.JobId, activity.Done, activity.BusyRatio, Environment.WorkingSet, activity.Started, time.GetUtcNow());
    }
}
