namespace VizPipeline.Worker;

/// <summary>Lets one job at a time onto the device, whichever queue it came from.</summary>
public sealed class DeviceGate : IDisposable
{
    private readonly SemaphoreSlim _free = new(1);

    /// <summary>Waits for the device; dispose the result to give it back.</summary>
    public async Task<IDisposable> Enter(CancellationToken cancellation)
    {
        await _free.WaitAsync(cancellation);
        return new Turn(_free);
    }

    /// <inheritdoc/>
    public void Dispose() => _free.Dispose();

    private sealed class Turn(SemaphoreSlim free) : IDisposable
    {
        public void Dispose() => free.Release();
    }
}
