using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Hosting;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Jobs;

/// <summary>
/// Takes commands of all kinds from their queues, does them on a device that is free, and answers. If the result exists already, the answer
/// is sent at once; a failure is an answer too, so that the coordinator decides whether to try again.
/// </summary>
public sealed class JobConsumer(
    IEnumerable<IJobHandler> handlers, IJobBus bus, AtlasRuntimes atlases, DeviceGate gate, WorkerMetrics metrics, FencedStore store,
    IOptions<WorkerOptions> options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<JobConsumer> logger)
{
    private readonly Dictionary<Type, IJobHandler> _handlers = handlers.ToDictionary(handler => handler.CommandType);

    /// <summary>Handles one command. Throws only if the broker cannot be reached; the broker then redelivers the command.</summary>
    public async Task<IBusMessage?> ReceiveAsync(BusDelivery delivery, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        var message = (JobMessage)delivery.Message;
        var command = message.ReadCommand();
        using var scope = logger.BeginScope(new Dictionary<string, object>
        {
            ["atlas"] = command.AtlasId,
            ["job"] = command.JobId,
            ["attempt"] = command.Attempt,
            ["kind"] = message.Kind.Name(),
        });
        // The job may have killed the previous worker, so the coordinator counts the redelivery before the job runs again.
        if (delivery.IsRedelivered)
        {
            await ReturnAsync(command, ReturnReason.Redelivered);
            return null;
        }
        try
        {
            using var turn = await TurnAsync(cancellation);
            if (turn is null)
                await PassOnAsync(message, command);
            else
                await DoAsync(message.Kind, command, turn.Device, cancellation);
        }
        catch (Exception) when (IsStopping(cancellation))
        {
            logger.JobStopped(command.JobId, command.AtlasId);
            await ReturnAsync(command, ReturnReason.Stopping);
        }
        catch (Exception failure)
        {
            var (error, transient) = Explain(failure);
            await bus.AnswerAsync(
                new JobFailed(command.AtlasId, command.JobId, command.Attempt, options.Value.Name, error, transient),
                CancellationToken.None);
        }
        return null;
    }

    // The stop causes failures while the worker stops: work is cancelled, and services may be disposed under a job.
    private bool IsStopping(CancellationToken cancellation)
        => cancellation.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested;

    // Each kind has a queue, and each queue delivers a command to this worker, but a device runs one job at a time. A command that waits
    // here is not available to an idle worker.
    private async Task<DeviceTurn?> TurnAsync(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        if (options.Value.PassOnAfter is not { } patience)
            return await gate.EnterAsync(stop.Token);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        limit.CancelAfter(patience);
        try
        {
            return await gate.EnterAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task PassOnAsync(JobMessage message, JobCommand command)
    {
        try
        {
            await bus.SendAsync(message, CancellationToken.None);
        }
        catch (Exception)
        {
            // The broker restarts, which is no failure of the job. The coordinator sends it again.
            await ReturnAsync(command, ReturnReason.Stopping);
        }
    }

    private async Task ReturnAsync(JobCommand command, ReturnReason reason, string? error = null)
    {
        logger.JobReturned(command.JobId, command.AtlasId, reason);
        await bus.AnswerAsync(
            new JobReturned(command.AtlasId, command.JobId, command.Attempt, options.Value.Name, reason, error), CancellationToken.None);
    }

    private async Task DoAsync(JobKind kind, JobCommand command, ComputeDevice device, CancellationToken cancellation)
    {
        using var hand = device.Activity.Begin(command);
        using var span = VizTelemetry.StartJob("job", ActivityKind.Internal, command.AtlasId, command.JobId, command.Attempt)
            ?.SetTag("viz.kind", kind.Name());
        try
        {
            if (await store.ExistsAsync(AtlasKeys.Cancelled(command.AtlasId), cancellation))
                return;
            await bus.AnswerAsync(
                new JobStarted(command.AtlasId, command.JobId, command.Attempt, options.Value.Name, time.GetUtcNow()), cancellation);
            var completed = await WorkAsync(kind, command, device, cancellation);
            logger.JobCompleted(command.JobId, command.AtlasId, completed.Units, completed.ElapsedSeconds);
            await bus.AnswerAsync(completed, cancellation);
            hand.Complete(completed);
            gate.Succeeded(device);
        }
        catch (StaleJobException stale)
        {
            // Another worker has done it. If not, the coordinator sends it again.
            span?.SetStatus(ActivityStatusCode.Error, stale.Message);
            await ReturnAsync(command, ReturnReason.Stopping);
        }
        catch (Exception failure) when (!IsStopping(cancellation))
        {
            var fault = gate.Note(device, failure);
            if (fault.Kind == DeviceFaultKind.Broken)
            {
                span?.SetStatus(ActivityStatusCode.Error, fault.Reason);
                atlases.Forget(device);
                await ReturnAsync(command, ReturnReason.DeviceFailed, $"{device.Name}: {fault.Reason}");
                return;
            }
            if (fault.Kind == DeviceFaultKind.OutOfMemory)
                atlases.Close(device);
            var (error, transient) = fault.Kind == DeviceFaultKind.OutOfMemory
                ? ($"{device.Name} has too little memory ({fault.Reason}); halve --batch, or end what else uses it", true)
                : Explain(failure);
            span?.SetStatus(ActivityStatusCode.Error, error);
            logger.JobFailed(command.JobId, command.AtlasId, error);
            await bus.AnswerAsync(new JobFailed(
                command.AtlasId, command.JobId, command.Attempt, options.Value.Name, error, transient), CancellationToken.None);
            // A worker with a full disk fails within milliseconds; without a pause it would take each job first until all are given up.
            if (transient && fault.Kind == DeviceFaultKind.None && options.Value.Rest is { } rest)
                await Task.Delay(rest, time, lifetime.ApplicationStopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<JobCompleted> WorkAsync(JobKind kind, JobCommand command, ComputeDevice device, CancellationToken cancellation)
    {
        var (begun, started) = (time.GetUtcNow(), time.GetTimestamp());
        var atlas = await atlases.OpenAsync(device, command.AtlasId, cancellation);
        using var fence = store.Begin(atlas.Spec);
        var row = JobKinds.Get(kind);
        var (key, units) = (row.GetResultKeyOf(atlas.Spec, command), row.CountUnitsOf(atlas.Spec, command));
        var phases = new Dictionary<string, double> { ["open"] = time.GetElapsedTime(started).TotalSeconds };
        var isNew = !await IsDoneAsync(command, key, cancellation);
        if (isNew)
        {
            var progress = new JobProgress(bus, command, options.Value.ProgressPause, time);
            var table = await device.Jobs.Run(
                () => _handlers[command.GetType()].RunAsync(atlas, command, progress, cancellation), cancellation);
            await store.PutAsync(key, table, cancellation);
        }
        var seconds = time.GetElapsedTime(started).TotalSeconds;
        phases["work"] = seconds - phases["open"];
        metrics.Completed(kind, device.Name, seconds, isNew ? units : 0);
        return new JobCompleted(command.AtlasId, command.JobId, command.Attempt, options.Value.Name, key, units, begun, seconds, phases);
    }

    // A result of fewer images is overwritten at the end, because it tells which pictures stay.
    private async Task<bool> IsDoneAsync(JobCommand command, string key, CancellationToken cancellation)
        => command is IImagesCommand { Images: > 0 }
            ? await store.TryGetAsync(key, cancellation) is { } table && JobKindRow.IsResultOf(command, table)
            : await store.ExistsAsync(key, cancellation);

    private static (string Error, bool Transient) Explain(Exception failure)
    {
        // If several threads failed, report a failure that a retry does not fix, if there is one.
        var cause = failure is AggregateException several ? several.Flatten().InnerExceptions.MinBy(IsTransient)! : failure;
        var message = cause.Message.ReplaceLineEndings(" ");
        var isKnown = cause.GetType().Namespace?.StartsWith("VizPipeline", StringComparison.Ordinal) == true;
        return (isKnown ? message : $"{cause.GetType().Name}: {message}", IsTransient(cause));
    }

    private static bool IsTransient(Exception cause)
        => cause is ObjectStoreException { IsTransient: true } or TimeoutException or DiskBudgetException;
}

/// <summary>Publishes the progress of a job, at most once per pause.</summary>
internal sealed class JobProgress(IJobBus bus, JobCommand command, TimeSpan pause, TimeProvider time) : IProgress<int>
{
    private long _last;

    public void Report(int value)
    {
        if (_last != 0 && time.GetElapsedTime(_last) < pause)
            return;
        _last = time.GetTimestamp();
        // Progress may be lost, and the job must not wait for the broker, so the failure is observed and ignored.
        _ = bus.ShowProgressAsync(new JobProgressed(command.AtlasId, command.JobId, command.Attempt, value), CancellationToken.None)
            .ContinueWith(sent => sent.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }
}
