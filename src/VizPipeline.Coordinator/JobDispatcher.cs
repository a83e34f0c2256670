using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Sends the pending jobs of the table, the most urgent first, never more than the windows allow.</summary>
internal sealed class JobDispatcher(
    CoordinatorSession session,
    JobLedger ledger,
    IBusControl bus,
    DispatchSignal signal,
    AtlasMonitor monitor,
    TimeProvider time,
    ILogger<JobDispatcher> logger) : BackgroundService
{
    private const int MostFailuresInARow = 5;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await session.EnsureOpenAsync(stoppingToken);
            // What is published before the workers' queues exist would be lost.
            await bus.WaitForHealthStatus(BusHealthStatus.Healthy, stoppingToken);
            await DispatchAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops: what is sent goes back to pending when the atlas is opened again.
        }
        catch (Exception failure)
        {
            monitor.Stop(failure);
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

    private async Task SendAsync(IReadOnlyList<IJobCommand> commands, CancellationToken cancellation)
    {
        for (var sent = 0; sent < commands.Count; sent++)
        {
            try
            {
                await bus.Publish(commands[sent], commands[sent].GetType(), cancellation);
            }
            catch
            {
                await ledger.ReturnAsync(commands.Skip(sent));
                throw;
            }
        }
    }
}
