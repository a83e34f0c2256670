using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Catalog;

namespace VizPipeline.Coordinator;

/// <summary>
/// The session of this process as a coordinator of the catalog. It migrates the tables, and coordinates alone or as one of several with a
/// leader.
/// </summary>
internal sealed class CoordinatorSession(
    CatalogDatabase database, IOptions<CoordinatorOptions> options, ILogger<CoordinatorSession> logger) : IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1);
    private ILeadership? _leadership;
    private bool _isOpen;
    private bool _hasSaidThatItWaits;

    /// <summary>Whether this process is the leader, as far as it knows.</summary>
    public bool IsLeading => _leadership is not null;

    /// <summary>Begins the session once. Every writer calls this first.</summary>
    /// <exception cref="CatalogUnusableException">The catalog cannot be opened, or another process coordinates it.</exception>
    public async Task EnsureOpenAsync(CancellationToken cancellation)
    {
        await _opening.WaitAsync(cancellation);
        try
        {
            if (_isOpen)
                return;
            if (!options.Value.WaitsToLead)
                await LeadAloneAsync(cancellation);
            await database.MigrateAsync(cancellation);
            _isOpen = true;
        }
        catch when (!options.Value.WaitsToLead)
        {
            await GiveUpAsync();
            throw;
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Tries to become the leader among several coordinators.</summary>
    public async Task<bool> TryLeadAsync(CancellationToken cancellation)
    {
        await EnsureOpenAsync(cancellation);
        if (_leadership is not null && await IsLeaderAsync(cancellation))
            return true;
        _leadership = await database.TryLeadAsync(cancellation);
        if (_leadership is not null)
            logger.Leads();
        else if (!_hasSaidThatItWaits)
            logger.Waits();
        _hasSaidThatItWaits = _leadership is null;
        return _leadership is not null;
    }

    /// <summary>Returns whether this process is still the leader. If not, it must call <see cref="TryLeadAsync"/> again.</summary>
    public async Task<bool> IsLeaderAsync(CancellationToken cancellation)
    {
        if (_leadership is not null && await _leadership.IsHeldAsync(cancellation))
            return true;
        await GiveUpAsync();
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await GiveUpAsync();
        _opening.Dispose();
    }

    private async Task GiveUpAsync()
    {
        if (Interlocked.Exchange(ref _leadership, null) is { } mine)
            await mine.DisposeAsync();
    }

    private async Task LeadAloneAsync(CancellationToken cancellation)
        => _leadership = await database.TryLeadAsync(cancellation)
            ?? throw new CatalogUnusableException($"Another process works on {database.Place}: wait for it, or stop it first.");
}
