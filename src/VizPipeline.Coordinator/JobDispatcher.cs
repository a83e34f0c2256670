using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Sends the pending jobs from the table, most urgent first, within the windows. Only the leader dispatches.</summary>
internal sealed class JobDispatcher(
    CoordinatorSession session,
    JobLedger ledger,
    LostJobs lost,
    IJobBus bus,
    IBrokerMemory broker,
    DispatchSignal signal,
    AtlasMonitor monitor,
    IOptions<CoordinatorOptions> options,
    TimeProvider time,
    ILogger<JobDispatcher> logger) : BackgroundService
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    // Other coordinators also release jobs but cannot raise this process's signal.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SweepPause = TimeSpan.FromSeconds(30);

    private int _failuresInARow;

    /// <summary>Waits to become the leader, dispatches while leading, and starts over after every failure.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await session.TryLeadAsync(stoppingToken))
                    await DispatchWhileLeadingAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                // Jobs that were sent stay so in the catalog. The next leader asks the broker whether it still has them.
                return;
            }
            catch (Exception failure) when (++_failuresInARow < options.Value.MaxFailuresInARow)
            {
                logger.DispatchFailed(failure.Message.ReplaceLineEndings(" "));
            }
            catch (Exception failure)
            {
                monitor.Stop(failure);
                return;
            }
            await Task.Delay(PauseAfterFailure, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task DispatchWhileLeadingAsync(CancellationToken cancellation)
    {
        // A message that is published before the workers' queues exist is lost.
        await bus.WaitUntilReadyAsync(cancellation);
        var swept = time.GetTimestamp();
        IReadOnlyDictionary<string, long> idle = new Dictionary<string, long>();
        await RequeueAsync(cancellation);
        while (await session.IsLeaderAsync(cancellation))
        {
            if (time.GetElapsedTime(swept) > SweepPause)
            {
                await RequeueAsync(cancellation);
                idle = await lost.RequeueStalledAsync(idle, (time.GetUtcNow() - time.GetElapsedTime(swept)).UtcDateTime, cancellation);
                await lost.RequeueOverdueAsync(cancellation);
                swept = time.GetTimestamp();
            }
            await SendAsync(await ledger.TakeAsync(cancellation), cancellation);
            _failuresInARow = 0;
            await signal.WaitAsync(LongestPause, cancellation);
        }
    }

    private async Task RequeueAsync(CancellationToken cancellation)
    {
        var isForgotten = await HasForgottenAsync(cancellation);
        await lost.RequeueAsync(isForgotten, cancellation);
        // After the jobs are requeued: if this process dies in between, the next check repeats it.
        if (isForgotten)
            await broker.MarkAsync(cancellation);
    }

    // While the broker is unavailable the answer is unknown; the next sweep asks again.
    private async Task<bool> HasForgottenAsync(CancellationToken cancellation)
    {
        try
        {
            return !await broker.HasKeptQueuesAsync(cancellation);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task SendAsync(IReadOnlyList<JobCommand> commands, CancellationToken cancellation)
    {
        // Most queries find nothing to send.
        if (commands.Count == 0)
            return;
        using var span = VizTelemetry.Traces.StartActivity("dispatch", ActivityKind.Producer)?.SetTag("viz.jobs", commands.Count);
        // If this process dies before the broker has confirmed a command, the command is sent again; see RequeueAsync.
        await Task.WhenAll(commands.Select(command => bus.SendAsync(JobMessage.Create(command), cancellation)));
        await ledger.ConfirmAsync(commands, cancellation);
    }
}
