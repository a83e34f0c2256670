using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VizPipeline.Catalog;

namespace VizPipeline.Coordinator;

/// <summary>This process's time as the catalog's coordinator: tables made, other processes kept out, lost jobs back in the queue.</summary>
internal sealed class CoordinatorSession(CatalogDatabase database, ILogger<CoordinatorSession> logger) : IAsyncDisposable
{
    private readonly SemaphoreSlim opening = new(1);
    private ILeadership? leadership;

    /// <summary>Begins the session, once. Everything that writes calls it first.</summary>
    /// <exception cref="CatalogUnusableException">The catalog cannot be opened, or another process coordinates it.</exception>
    public async Task EnsureOpenAsync(CancellationToken cancellation)
    {
        await opening.WaitAsync(cancellation);
        try
        {
            if (leadership is not null)
                return;
            var mine = await database.TryLeadAsync(cancellation)
                ?? throw new CatalogUnusableException($"Another process works on {database.Place}: wait for it, or stop it first.");
            try
            {
                await database.MigrateAsync(cancellation);
                await RequeueAsync(cancellation);
            }
            catch
            {
                await mine.DisposeAsync();
                throw;
            }
            leadership = mine;
        }
        finally
        {
            opening.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (leadership is not null)
            await leadership.DisposeAsync();
        opening.Dispose();
    }

    // The in-memory bus died with the process that sent these; nobody has them any more.
    private async Task RequeueAsync(CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var jobs = await catalog.Jobs
            .Where(job => job.State == JobState.Sent || job.State == JobState.Running)
            .ExecuteUpdateAsync(job => job.SetProperty(j => j.State, JobState.Pending), cancellation);
        if (jobs > 0)
            logger.JobsRequeued(jobs);
    }
}
