using System.Collections.Concurrent;

namespace VizPipeline.Network.Torch;

/// <summary>
/// The one thread that a process's long torch work runs on. Every thread that calls torch gets a team of OpenMP threads and a malloc
/// arena of its own, and only the main arena keeps large blocks: on changing pool threads the search took 1.2 times as long.
/// </summary>
public sealed class TorchThread : TaskScheduler
{
    private static readonly Lazy<TorchThread> Only = new(() => new TorchThread("torch"));
    private static readonly Lazy<TorchThread> Live = new(() => new TorchThread("torch live"));
    private readonly BlockingCollection<Task> _work = [];
    private readonly Thread _thread;

    private TorchThread(string name)
    {
        TorchRuntime.Start();
        _thread = new Thread(Loop) { Name = name, IsBackground = true };
        _thread.Start();
    }

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Runs asynchronous work there; it comes back to this thread after each await.</summary>
    /// <exception cref="TorchUnavailableException">libtorch cannot be loaded.</exception>
    public static Task<T> Run<T>(Func<Task<T>> work, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Task.Factory.StartNew(work, cancellation, TaskCreationOptions.None, Only.Value).Unwrap();
    }

    /// <summary>The same on a second thread, for short work that people wait for: it shares the processors with the long work, and does not wait for its end.</summary>
    /// <inheritdoc cref="Run"/>
    public static Task<T> RunLive<T>(Func<Task<T>> work, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Task.Factory.StartNew(work, cancellation, TaskCreationOptions.None, Live.Value).Unwrap();
    }

    /// <inheritdoc/>
    protected override void QueueTask(Task task) => _work.Add(task);

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => Thread.CurrentThread == _thread && TryExecuteTask(task);

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => _work;

    private void Loop()
    {
        foreach (var task in _work.GetConsumingEnumerable())
            TryExecuteTask(task);
    }
}
