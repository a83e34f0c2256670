using System.Collections.Concurrent;
using TorchSharp;

namespace VizPipeline.Network.Torch;

/// <summary>
/// A thread that runs the torch work of one device. Every thread that calls torch gets its own team of OpenMP threads and its own malloc
/// arena, and only the main arena keeps large blocks: on varying pool threads the search took 1.2 times as long.
/// </summary>
public sealed class TorchThread : TaskScheduler
{
    private static readonly ConcurrentDictionary<(string, int), Lazy<TorchThread>> All = new();
    private readonly BlockingCollection<Task> _work = [];
    private readonly Thread _thread;
    private readonly int _processors;
    private readonly TaskCompletionSource _ready = new();

    private TorchThread(string name, int sharers)
    {
        TorchRuntime.Start();
        _processors = Math.Max(1, TorchRuntime.Threads / sharers);
        _thread = new Thread(Loop) { Name = name, IsBackground = true };
        _thread.Start();
        _ready.Task.GetAwaiter().GetResult();
        // torch applies the latest number to threads that use it later, whose work may be another device's.
        torch.set_num_threads(TorchRuntime.Threads);
    }

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Returns the process's thread for the long-running work of a device.</summary>
    /// <param name="device">The device's name.</param>
    /// <param name="sharers">Number of devices that share the process's processors; each gets an equal part of them.</param>
    /// <exception cref="TorchUnavailableException">libtorch cannot be loaded.</exception>
    public static TorchThread For(string device = "cpu", int sharers = 1) => Get($"torch {device}", sharers);

    /// <summary>
    /// Returns a second thread of the device for short, interactive work: it shares the processors with the long-running work and does not
    /// wait for it.
    /// </summary>
    /// <inheritdoc cref="For"/>
    public static TorchThread ForLive(string device = "cpu", int sharers = 1) => Get($"torch live {device}", sharers);

    /// <summary>Runs asynchronous work on this thread; it continues on this thread after each await.</summary>
    public Task<T> Run<T>(Func<Task<T>> work, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Task.Factory.StartNew(work, cancellation, TaskCreationOptions.None, this).Unwrap();
    }

    /// <inheritdoc/>
    protected override void QueueTask(Task task) => _work.Add(task);

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        Thread.CurrentThread == _thread && TryExecuteTask(task);

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => _work;

    private static TorchThread Get(string name, int sharers)
        => All.GetOrAdd((name, sharers), key => new(() => new TorchThread(key.Item1, key.Item2))).Value;

    private void Loop()
    {
        // Applies to the calling thread; otherwise OpenMP would give each device's team all processors. The number must be read first: a
        // thread that never read it takes the process's number at its first parallel work, whatever was set before.
        _ = torch.get_num_threads();
        torch.set_num_threads(_processors);
        _ready.SetResult();
        foreach (var task in _work.GetConsumingEnumerable())
            TryExecuteTask(task);
    }
}
