namespace VizPipeline.Coordinator;

/// <summary>Wakes the dispatcher when a job may have become ready. Signals raised before a wait are kept and count as one.</summary>
internal sealed class DispatchSignal(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);
    private readonly SemaphoreSlim _raised = new(0);

    public void Raise() => _raised.Release();

    /// <summary>Completes at the next signal or after the time limit.</summary>
    public async Task WaitAsync(TimeSpan? atMost, CancellationToken cancellation)
    {
        var wait = atMost is { } limit && limit < LongestWait ? limit : LongestWait;
        using var timeout = new CancellationTokenSource(wait < TimeSpan.Zero ? TimeSpan.Zero : wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            await _raised.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return;
        }
        while (_raised.Wait(0, CancellationToken.None))
        {
            // One query serves all signals so far.
        }
    }

    public void Dispose() => _raised.Dispose();
}
