using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Worker;

/// <summary>Stops a worker that has no device left or no work left.</summary>
internal sealed class WorkerEnd(
    ILiveRequests coordinators, DeviceGate gate, IOptions<WorkerOptions> options, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<WorkerEnd> logger)
    : BackgroundService
{
    /// <summary>Exit code of a worker without a device. A supervisor may restart the worker, which repairs some devices.</summary>
    public const int NoDevice = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var idle = options.Value.ExitWhenIdle is { } limit
            ? WatchIdleAsync(limit, stoppingToken)
            : Task.Delay(Timeout.InfiniteTimeSpan, time, stoppingToken);
        var ended = await Task.WhenAny(gate.Lost, idle);
        if (stoppingToken.IsCancellationRequested)
            return;
        if (ended == gate.Lost)
            logger.DevicesLost(await gate.Lost);
        else
            await idle;
        lifetime.StopApplication();
    }

    // Dependent jobs have no command in a queue yet, so a worker that stopped during a merge would be missing afterwards.
    private async Task WatchIdleAsync(TimeSpan limit, CancellationToken cancellation)
    {
        while (true)
        {
            var idle = gate.Idle;
            await Task.Delay(idle < limit ? limit - idle : Pause, time, cancellation);
            if (gate.Idle >= limit && await OpenJobsAsync(cancellation) == 0)
            {
                logger.NothingLeft(gate.Idle);
                return;
            }
        }
    }

    // Without an answer the worker stays, because only the coordinator knows.
    private async Task<int?> OpenJobsAsync(CancellationToken cancellation)
    {
        try
        {
            var kinds = options.Value.KindNames().Where(kind => kind != WorkerOptions.Live).ToList();
            return (await coordinators.AskAsync(new OpenJobsAsked(kinds), cancellation)).Jobs;
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            logger.NobodyKnowsWhatIsLeft(failure.Message.ReplaceLineEndings(" "));
            return null;
        }
    }
}
