using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Sends the pending jobs from the table, most urgent first, within the windows. Only one coordinator dispatches.</summary>
internal sealed class JobDispatcher(
    CoordinatorSession session,
    JobLedger ledger,
    IJobBus bus,
    DispatchSignal signal,
    AtlasMonitor monitor,
    IOptions<CoordinatorOptions> options,
    TimeProvider time,
    ILogger<JobDispatcher> logger,
    IBrokerMemory? broker = null) : BackgroundService
{
    private const int MostFailuresInARow = 5;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    // Other coordinators also release jobs but cannot raise this process's signal.
    private static readonly TimeSpan SharedPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SweepPause = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            if (options.Value.SharedBus)
                await LeadAsync(stoppingToken);
            await session.EnsureOpenAsync(stoppingToken);
            // A message that is published before the workers' queues exist is lost.
            await bus.WaitUntilReadyAsync(stoppingToken);
            await DispatchAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host is stopping. Sent jobs become pending when the atlas is opened again.
        }
        catch (Exception failure)
        {
            monitor.Stop(failure);
        }
    }

    /// <summary>On a cluster: waits to become the leader, dispatches while leading, and starts over after every outage.</summary>
    private async Task LeadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                if (await session.TryLeadAsync(cancellation))
                    await DispatchWhileLeadingAsync(cancellation);
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                logger.LeadershipLost(failure.Message.ReplaceLineEndings(" "));
            }
            await Task.Delay(PauseAfterFailure, time, cancellation);
        }
    }

    private async Task DispatchWhileLeadingAsync(CancellationToken cancellation)
    {
        var swept = time.GetTimestamp();
        await RequeueAsync(cancellation);
        while (await session.IsLeaderAsync(cancellation))
        {
            if (time.GetElapsedTime(swept) > SweepPause)
            {
                await RequeueAsync(cancellation);
                swept = time.GetTimestamp();
            }
            await SendAsync(await ledger.TakeAsync(cancellation), cancellation);
            await signal.WaitAsync(SharedPause, cancellation);
        }
    }

    private async Task RequeueAsync(CancellationToken cancellation)
    {
        var isForgotten = broker is not null && await HasForgottenAsync(broker, cancellation);
        await ledger.RequeueAsync(isForgotten, cancellation);
        // After the jobs are requeued: if this process dies in between, the next check repeats it.
        if (isForgotten)
            await broker!.MarkAsync(cancellation);
    }

    // While the broker is unavailable the answer is unknown; the next sweep asks again.
    private static async Task<bool> HasForgottenAsync(IBrokerMemory broker, CancellationToken cancellation)
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

    private async Task DispatchAsync(CancellationToken cancellation)
    {
        var failures = 0;
        while (true)
        {
            try
            {
                await SendAsync(await ledger.TakeAsync(cancellation), cancellation);
                await signal.WaitAsync(await ledger.NextDueAsync(cancellation), cancellation);
                failures = 0;
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested && ++failures < MostFailuresInARow)
            {
                logger.SendingFailed(failure.Message);
                await Task.Delay(PauseAfterFailure, time, cancellation);
            }
        }
    }

    private async Task SendAsync(IReadOnlyList<JobCommand> commands, CancellationToken cancellation)
    {
        // Most queries find nothing to send.
        using var span = commands.Count > 0 ? VizTelemetry.Traces.StartActivity("dispatch", ActivityKind.Producer) : null;
        span?.SetTag("viz.jobs", commands.Count);
        if (options.Value.SharedBus)
        {
            // If this process dies before the broker has confirmed a command, the command is sent again; see RequeueAsync.
            await Task.WhenAll(commands.Select(command => bus.SendAsync(JobMessage.Create(command), cancellation)));
            if (commands.Count > 0)
                await ledger.ConfirmAsync(commands, cancellation);
            return;
        }
        for (var sent = 0; sent < commands.Count; sent++)
        {
            try
            {
                await bus.SendAsync(JobMessage.Create(commands[sent]), cancellation);
            }
            catch
            {
                await ledger.ReturnAsync(commands.Skip(sent));
                throw;
            }
        }
    }
}
