using VizPipeline.Hosting;

namespace VizPipeline.Atlas.Web;

/// <summary>
/// Limits the number of concurrent live requests, because each holds several copies of its picture in memory, here and in the broker.
/// </summary>
public sealed class LiveGate : IDisposable
{
    private const int AtOnce = 8;
    private const int MostWaiting = 32;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _turns = new(AtOnce);
    private int _waiting;

    /// <summary>Waits for a turn, before the picture is read. Disposing the result ends the turn.</summary>
    /// <exception cref="LiveRefusedException">Too many requests are waiting.</exception>
    public async Task<IDisposable> EnterAsync(CancellationToken cancellation)
    {
        var place = Interlocked.Increment(ref _waiting);
        try
        {
            if (place > MostWaiting || !await _turns.WaitAsync(Patience, cancellation))
                throw new LiveRefusedException("too many live requests at the moment; try again", isOutage: true);
            return new Turn(_turns);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turns.Dispose();

    private sealed class Turn(SemaphoreSlim turns) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
                turns.Release();
        }
    }
}
