using MassTransit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Jobs;
using VizPipeline.Network.Torch;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Jobs;

/// <summary>
/// Takes a command from its queue, does it under the device gate, and answers. A command whose result is already there is answered at
/// once; a failure is an answer too, so that the coordinator decides about trying again.
/// </summary>
public sealed class JobConsumer<TCommand>(
    IJobHandler<TCommand> handler, AtlasRuntimes atlases, DeviceGate gate, IObjectStore store, IOptions<WorkerOptions> options, TimeProvider time,
    ILogger<JobConsumer<TCommand>> logger) : IConsumer<TCommand>
    where TCommand : class, IJobCommand
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<TCommand> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (command, cancellation) = (context.Message, context.CancellationToken);
        try
        {
            using var turn = await gate.Enter(cancellation);
            await context.Publish(new JobStarted(command.AtlasId, command.JobId, command.Attempt, options.Value.Name, time.GetUtcNow()), cancellation);
            var completed = await Work(context, command, cancellation);
            logger.JobCompleted(command.JobId, command.AtlasId, completed.Units, completed.ElapsedSeconds);
            await context.Publish(completed, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            logger.JobStopped(command.JobId, command.AtlasId);
            throw;
        }
        catch (Exception failure)
        {
            var (error, transient) = Explain(failure);
            logger.JobFailed(command.JobId, command.AtlasId, error);
            await context.Publish(new JobFailed(command.AtlasId, command.JobId, command.Attempt, options.Value.Name, error, transient), CancellationToken.None);
        }
    }

    private async Task<JobCompleted> Work(ConsumeContext context, TCommand command, CancellationToken cancellation)
    {
        var (begun, started) = (time.GetUtcNow(), time.GetTimestamp());
        var atlas = await atlases.Open(command.AtlasId, cancellation);
        var key = handler.ResultKey(atlas.Spec, command);
        var phases = new Dictionary<string, double> { ["open"] = time.GetElapsedTime(started).TotalSeconds };
        if (!await store.ExistsAsync(key, cancellation))
        {
            var progress = new JobProgress(context, command, time);
            var table = await TorchThread.Run(() => handler.Run(atlas, command, progress, cancellation), cancellation);
            await store.PutAsync(key, table, cancellation);
        }
        var seconds = time.GetElapsedTime(started).TotalSeconds;
        phases["work"] = seconds - phases["open"];
        return new JobCompleted(command.AtlasId, command.JobId, command.Attempt, options.Value.Name, key, handler.Units(command), begun, seconds, phases);
    }

    private static (string Error, bool Transient) Explain(Exception failure)
    {
        var cause = failure is AggregateException { InnerExceptions: [var single] } ? single : failure;
        var message = cause.Message.ReplaceLineEndings(" ");
        var isKnown = cause.GetType().Namespace?.StartsWith("VizPipeline", StringComparison.Ordinal) == true;
        return (isKnown ? message : $"{cause.GetType().Name}: {message}", cause is ObjectStoreException { IsTransient: true } or TimeoutException);
    }
}

/// <summary>Publishes a job's progress, at most once a second.</summary>
internal sealed class JobProgress(IPublishEndpoint bus, IJobCommand command, TimeProvider time) : IProgress<int>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private long _last;

    public void Report(int value)
    {
        if (_last != 0 && time.GetElapsedTime(_last) < Pause)
            return;
        _last = time.GetTimestamp();
        _ = bus.Publish(new JobProgressed(command.AtlasId, command.JobId, command.Attempt, value));
    }
}
