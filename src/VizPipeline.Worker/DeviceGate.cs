using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Network.Torch;

namespace VizPipeline.Worker;

/// <summary>
/// Admits one job at a time to each device, from any queue, and assigns live requests to the least busy device. A failed device is taken
/// out of service while the others continue. Thread-safe.
/// </summary>
public sealed class DeviceGate(IOptions<WorkerOptions> options, TimeProvider time, ILogger<DeviceGate> logger)
{
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ShortestRest = TimeSpan.FromSeconds(30);
    private readonly Lock _gate = new();
    private readonly LinkedList<TaskCompletionSource<ComputeDevice>> _waiting = new();
    private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<IReadOnlyList<ComputeDevice>>? _finding;
    private List<ComputeDevice> _free = [];
    private IReadOnlyList<ComputeDevice> _devices = [];
    private int _inHand;
    private long _lastWork = time.GetTimestamp();

    /// <summary>The number of devices according to the settings, for limits that must be set before the devices are found.</summary>
    public int Count { get; } = TorchDevice.Count(options.Value.Device);

    /// <summary>When the worker started, UTC.</summary>
    public DateTimeOffset Started { get; } = time.GetUtcNow();

    /// <summary>All devices, including those out of service; empty until <see cref="FindAsync"/> has found them.</summary>
    public IReadOnlyList<ComputeDevice> Devices => _devices;

    /// <summary>Completes with the reason when no device is left or none was found.</summary>
    public Task<string> Lost => _lost.Task;

    /// <summary>How long the worker has had neither jobs nor live requests.</summary>
    public TimeSpan Idle
    {
        get
        {
            lock (_gate)
                return _inHand > 0 ? TimeSpan.Zero : time.GetElapsedTime(_lastWork);
        }
    }

    /// <summary>Describes the devices for display: <c>cuda:0, cuda:1; set aside: cuda:2 (reason)</c>.</summary>
    public string Text()
    {
        if (_lost.Task.IsCompleted && _devices.Count == 0)
            return $"none ({_lost.Task.Result})";
        if (_devices.Count == 0)
            return options.Value.Device;
        var aside = _devices.Where(device => device.Fault is not null).Select(device => $"{device.Name} ({device.Fault})").ToList();
        var used = _devices.Where(device => device.Fault is null).Select(device => device.Name).ToList();
        string[] parts = [string.Join(", ", used), aside.Count > 0 ? $"set aside: {string.Join(", ", aside)}" : ""];
        return string.Join("; ", parts.Where(part => part.Length > 0));
    }

    /// <summary>Finds the devices. Repeated calls return the same result.</summary>
    /// <exception cref="DeviceUnavailableException">There is no such device.</exception>
    /// <exception cref="TorchUnavailableException">libtorch cannot be loaded.</exception>
    public Task<IReadOnlyList<ComputeDevice>> FindAsync()
    {
        lock (_gate)
            return _finding ??= Task.Run(Find);
    }

    /// <summary>Waits for a free device; dispose the result to release it.</summary>
    public async Task<DeviceTurn> EnterAsync(CancellationToken cancellation)
    {
        await KnownAsync(cancellation);
        TaskCompletionSource<ComputeDevice> turn;
        lock (_gate)
        {
            if (_free.Count > 0)
                return new DeviceTurn(this, Take(_free.MinBy(device => (device.LiveRequests, device.Index))!));
            turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.AddLast(turn);
        }
        await using var stop = cancellation.Register(() =>
        {
            lock (_gate)
                if (turn.TrySetCanceled(cancellation))
                    _waiting.Remove(turn);
        });
        return new DeviceTurn(this, await turn.Task);
    }

    /// <summary>Returns the least busy device for a live request; dispose the result when the request ends.</summary>
    /// <param name="but">Devices to exclude.</param>
    /// <param name="cancellation">Stops waiting for the devices to be found.</param>
    /// <exception cref="DeviceUnavailableException">No device is left.</exception>
    public async Task<LiveTurn> EnterLiveAsync(IReadOnlyCollection<ComputeDevice>? but = null, CancellationToken cancellation = default)
    {
        await FindAsync().WaitAsync(cancellation);
        lock (_gate)
        {
            var device = _devices.Where(device => device.Fault is null && but?.Contains(device) != true)
                .OrderBy(device => device.Load).ThenBy(device => device.LiveRequests).ThenBy(device => device.Index).FirstOrDefault()
                ?? throw new DeviceUnavailableException($"this worker has no device left: {Text()}");
            device.LiveRequests++;
            _inHand++;
            return new LiveTurn(this, device);
        }
    }

    /// <summary>Records a failure of work on a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="failure">The exception.</param>
    /// <param name="isLive">Whether the work was a live request, which may run concurrently with a job.</param>
    /// <returns>The fault; its kind is <see cref="DeviceFaultKind.None"/> if the device is not to blame.</returns>
    public DeviceFault Note(ComputeDevice device, Exception failure, bool isLive = false)
    {
        ArgumentNullException.ThrowIfNull(device);
        var fault = DeviceFaults.Of(failure);
        if (fault.Kind == DeviceFaultKind.None)
            return fault;
        lock (_gate)
        {
            // A live request competes for memory with the job on the same device, so running out is not a device fault.
            if (fault.Kind == DeviceFaultKind.OutOfMemory && (device.Fault is not null || (isLive && device.IsTaken)))
                return fault;
            if (device.IsBroken)
                return fault;
            var isAlone = _devices.All(other => other == device || other.Fault is not null);
            if (fault.Kind == DeviceFaultKind.Broken)
                SetAside(device, fault.Reason);
            // Without another device or another worker, the only option is to retry on this one.
            else if (!isAlone || options.Value.Rest is not null)
                Rest(device, fault.Reason);
            if (_devices.All(other => other.IsBroken))
                _lost.TrySetResult(Text());
        }
        return fault;
    }

    /// <summary>Records that a job or a live request on a device succeeded.</summary>
    internal void Succeeded(ComputeDevice device)
    {
        lock (_gate)
            device.Shortages = 0;
    }

    internal void Leave(ComputeDevice device)
    {
        lock (_gate)
        {
            device.IsTaken = false;
            End();
            if (device.Fault is null)
                Offer(device);
        }
    }

    internal void LeaveLive(ComputeDevice device)
    {
        lock (_gate)
        {
            device.LiveRequests--;
            End();
        }
    }

    private IReadOnlyList<ComputeDevice> Find()
    {
        try
        {
            var found = TorchDevice.FindAll(options.Value.Device);
            var devices = found.Select((device, i) => new ComputeDevice(device, i, found.Count, time)).ToList();
            lock (_gate)
                (_devices, _free) = (devices, [.. devices]);
            return devices;
        }
        catch (Exception failure)
        {
            var reason = failure.Message.ReplaceLineEndings(" ");
            logger.DeviceUnusable(reason);
            _lost.TrySetResult(reason);
            throw;
        }
    }

    // With no device left, wait to be cancelled: the observer of Lost stops the worker.
    private async Task KnownAsync(CancellationToken cancellation)
    {
        try
        {
            await FindAsync().WaitAsync(cancellation);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation);
        }
    }

    private ComputeDevice Take(ComputeDevice device)
    {
        _free.Remove(device);
        device.IsTaken = true;
        _inHand++;
        return device;
    }

    private void End()
    {
        _inHand--;
        _lastWork = time.GetTimestamp();
    }

    private void Offer(ComputeDevice device)
    {
        _free.Add(device);
        while (_waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            if (!first.Value.TrySetResult(device))
                continue;
            Take(device);
            return;
        }
    }

    private void SetAside(ComputeDevice device, string reason)
    {
        (device.Fault, device.IsBroken) = (reason, true);
        _free.Remove(device);
        logger.DeviceSetAside(device.Name, reason);
    }

    // Another program may hold the memory and free it later.
    private void Rest(ComputeDevice device, string reason)
    {
        var first = options.Value.Rest is { } rest && rest > TimeSpan.Zero ? rest : ShortestRest;
        var pause = first * Math.Pow(2, Math.Min(device.Shortages++, 10));
        pause = pause < LongestRest ? pause : LongestRest;
        device.Fault = reason;
        _free.Remove(device);
        logger.DeviceRests(device.Name, pause.TotalSeconds, reason);
        _ = Task.Delay(pause, time).ContinueWith(_ => Return(device), TaskScheduler.Default);
    }

    private void Return(ComputeDevice device)
    {
        lock (_gate)
        {
            if (device.IsBroken)
                return;
            device.Fault = null;
            // If a job still occupies the device, it releases the device itself.
            if (!device.IsTaken)
                Offer(device);
        }
    }
}

/// <summary>A device acquired for one job.</summary>
public sealed class DeviceTurn(DeviceGate gate, ComputeDevice device) : IDisposable
{
    private int _left;

    /// <summary>The device.</summary>
    public ComputeDevice Device => device;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
            gate.Leave(device);
    }
}

/// <summary>A device acquired for a live request, which may run concurrently with other requests and a job.</summary>
public sealed class LiveTurn(DeviceGate gate, ComputeDevice device) : IDisposable
{
    private int _left;

    /// <summary>The device.</summary>
    public ComputeDevice Device => device;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
            gate.LeaveLive(device);
    }
}
