using System.Diagnostics;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Hosting;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Jobs;

/// <summary>
/// Takes a command from its queue, does it on a device that is free, and answers. A command whose result is already there is answered at
/// once; a failure is an answer too, so that the coordinator decides about trying again.
/// </summary>
public sealed class JobConsumer<TCommand>(
    IJobHandler<TCommand> handler, AtlasRuntimes atlases, DeviceGate gate, WorkerMetrics metrics, IObjectStore store,
    IOptions<WorkerOptions> options,
    IHostApplicationLifetime lifetime, TimeProvider time, ILogger<JobConsumer<TCommand>> logger) : IConsumer<TCommand>
    where TCommand : class, IJobCommand
{
    private static readonly JobKind Kind = QueueNames.KindOf(typeof(TCommand));

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<TCommand> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (command, cancellation) = (context.Message, context.CancellationToken);
        using var scope = logger.BeginScope(new Dictionary<string, object> { ["atlas"] = command.AtlasId, ["job"] = command.JobId, ["attempt"] = command.Attempt, ["kind"] = QueueNames.Name(Kind) });
        // Whoever had it before may have died of it: the coordinator counts that before anyone tries again.
        if (context.ReceiveContext.Redelivered)
        {
            await Return(context, command, ReturnReason.Redelivered);
            return;
        }
        try
        {
            using var turn = await Turn(cancellation);
            if (turn is null)
                await PassOn(context, command);
            else
                await Do(context, command, turn.Device, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested)
        {
            logger.JobStopped(command.JobId, command.AtlasId);
            await Return(context, command, ReturnReason.Stopping);
        }
    }

    // Each kind has a queue, and each queue gives this worker a command, but a device has one job at a time. A command that waits here
    // is one that an idle worker cannot have.
    private async Task<DeviceTurn?> Turn(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        if (options.Value.PassOnAfter is not { } patience)
            return await gate.Enter(stop.Token);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        limit.CancelAfter(patience);
        try
        {
            return await gate.Enter(limit.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private static Task PassOn(ConsumeContext<TCommand> context, TCommand command) => context.Publish(command, CancellationToken.None);

    private async Task Return(ConsumeContext<TCommand> context, TCommand command, ReturnReason reason, string? error = null)
    {
        logger.JobReturned(command.JobId, command.AtlasId, reason);
        await context.Publish(
            new JobReturned(command.AtlasId, command.JobId, command.Attempt, options.Value.Name, reason, error), CancellationToken.None);
    }

    private async Task Do(ConsumeContext<TCommand> context, TCommand command, ComputeDevice device, CancellationToken cancellation)
    {
        using var hand = device.Activity.Begin(command);
        using var span = VizTelemetry.StartJob("job", ActivityKind.Internal, command.AtlasId, command.JobId, command.Attempt)?.SetTag("viz.kind", QueueNames.Name(Kind));
        try
        {
            if (await store.ExistsAsync(AtlasKeys.Cancelled(command.AtlasId), cancellation))
                return;
            await context.Publish(new JobStarted(command.AtlasId, command.JobId, command.Attempt, options.Value.Name, time.GetUtcNow()), cancellation);
            var completed = await Work(context, command, device, cancellation);
            logger.JobCompleted(command.JobId, command.AtlasId, completed.Units, completed.ElapsedSeconds);
            await context.Publish(completed, cancellation);
            hand.Complete(completed);
            gate.Succeeded(device);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            var fault = gate.Note(device, failure);
            if (fault.Kind == DeviceFaultKind.Broken)
            {
                span?.SetStatus(ActivityStatusCode.Error, fault.Reason);
                atlases.Forget(device);
                await Return(context, command, ReturnReason.DeviceFailed, $"{device.Name}: {fault.Reason}");
                return;
            }
            if (fault.Kind == DeviceFaultKind.OutOfMemory)
                atlases.Close(device);
            var (error, transient) = fault.Kind == DeviceFaultKind.OutOfMemory
                ? ($"{device.Name} has too little memory ({fault.Reason}); halve --batch, or end what else uses it", true)
                : Explain(failure);
            span?.SetStatus(ActivityStatusCode.Error, error);
            logger.JobFailed(command.JobId, command.AtlasId, error);
            await context.Publish(new JobFailed(command.AtlasId, command.JobId, command.Attempt, options.Value.Name, error, transient), CancellationToken.None);
            // Whose disk is full fails within milliseconds, and would else be the first to take each job again until all are given up.
            if (transient && fault.Kind == DeviceFaultKind.None && options.Value.Rest is { } rest)
                await Task.Delay(rest, time, lifetime.ApplicationStopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<JobCompleted> Work(ConsumeContext context, TCommand command, ComputeDevice device, CancellationToken cancellation)
    {
        var (begun, started) = (time.GetUtcNow(), time.GetTimestamp());
        var atlas = await atlases.Open(device, command.AtlasId, cancellation);
        var key = handler.ResultKey(atlas.Spec, command);
        var phases = new Dictionary<string, double> { ["open"] = time.GetElapsedTime(started).TotalSeconds };
        var isNew = !await store.ExistsAsync(key, cancellation);
        if (isNew)
        {
            var progress = new JobProgress(context, command, options.Value.ProgressPause, time);
            var table = await device.Jobs.Run(() => handler.Run(atlas, command, progress, cancellation), cancellation);
            await store.PutAsync(key, table, cancellation);
        }
        var seconds = time.GetElapsedTime(started).TotalSeconds;
        phases["work"] = seconds - phases["open"];
        metrics.Completed(Kind, device.Name, seconds, isNew ? handler.Units(command) : 0);
        return new JobCompleted(command.AtlasId, command.JobId, command.Attempt, options.Value.Name, key, handler.Units(command), begun, seconds, phases);
    }

    private static (string Error, bool Transient) Explain(Exception failure)
    {
        // Of several threads' failures the one that waiting does not heal.
        var cause = failure is AggregateException several ? several.Flatten().InnerExceptions.MinBy(IsTransient)! : failure;
        var message = cause.Message.ReplaceLineEndings(" ");
        var isKnown = cause.GetType().Namespace?.StartsWith("VizPipeline", StringComparison.Ordinal) == true;
        return (isKnown ? message : $"{cause.GetType().Name}: {message}", IsTransient(cause));
    }

    private static bool IsTransient(Exception cause) => cause is ObjectStoreException { IsTransient: true } or TimeoutException or DiskBudgetException;
}

/// <summary>Publishes a job's progress, not more often than asked.</summary>
internal sealed class JobProgress(IPublishEndpoint bus, IJobCommand command, TimeSpan pause, TimeProvider time) : IProgress<int>
{
    private long _last;

    public void Report(int value)
    {
        if (_last != 0 && time.GetElapsedTime(_last) < pause)
            return;
        _last = time.GetTimestamp();
        _ = bus.Publish(new JobProgressed(command.AtlasId, command.JobId, command.Attempt, value));
    }
}
