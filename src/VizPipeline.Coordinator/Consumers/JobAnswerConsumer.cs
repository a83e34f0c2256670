using MassTransit;

namespace VizPipeline.Coordinator;

/// <summary>Receives one kind of a worker's answers. Doing so may fail (a full disk, a busy file) without the job's fault.</summary>
internal abstract class JobAnswerConsumer<T>(AtlasMonitor monitor, DispatchSignal signal) : IConsumer<T>
    where T : class
{
    /// <summary>Shows what the answers tell.</summary>
    protected AtlasMonitor Monitor => monitor;

    public async Task Consume(ConsumeContext<T> context)
    {
        try
        {
            await ReceiveAsync(context.Message, context.CancellationToken);
        }
        catch (Exception failure)
            when (!context.CancellationToken.IsCancellationRequested && context.GetRetryAttempt() >= CoordinatorEndpoint.Retries)
        {
            // The answer is lost and its job would stay "sent" for ever: better to stop and be resumed.
            monitor.Stop(failure);
            throw;
        }
    }

    protected abstract Task ReceiveAsync(T answer, CancellationToken cancellation);

    /// <summary>Tells those who wait for the change.</summary>
    protected void Announce(LedgerChange change, string atlasId, long jobId)
    {
        if (change == LedgerChange.Ignored)
            return;
        monitor.Ended(atlasId, jobId);
        signal.Raise();
        if (change == LedgerChange.AtlasFinished)
            monitor.AtlasFinished();
    }
}
