using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>
/// Writes the manifests of atlases that have ended. The leader polls for them, because an atlas may have ended while no coordinator was
/// running.
/// </summary>
internal sealed class ManifestKeeper(
    CatalogDatabase database, CoordinatorSession session, AtlasMonitor monitor, IObjectStore store,
    TimeProvider time, ILogger<ManifestKeeper> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private readonly Dictionary<string, DateTime?> _written = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (session.IsLeading)
                    await WriteMissingAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                logger.ManifestWaits(failure.Message.ReplaceLineEndings(" "));
            }
            catch (OperationCanceledException)
            {
                // The host is stopping.
            }
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WriteMissingAsync(CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var ended = await catalog.Atlases.Where(atlas => atlas.State != AtlasState.Running)
            .Select(atlas => new { atlas.Slug, atlas.FinishedAt }).ToListAsync(cancellation);
        foreach (var atlas in ended.Where(atlas => !_written.TryGetValue(atlas.Slug, out var at) || at != atlas.FinishedAt))
        {
            var key = AtlasKeys.Manifest(atlas.Slug);
            // A retried atlas ends again, with a later time.
            var isThere = await store.TryGetAsync(key, cancellation) is { } bytes
                && IsSame(VizJson.Read<AtlasManifest>(bytes).FinishedAt, atlas.FinishedAt);
            if (!isThere)
                await WriteAsync(catalog, atlas.Slug, cancellation);
            _written[atlas.Slug] = atlas.FinishedAt;
        }
    }

    // PostgreSQL rounds the time of an atlas that came from a folder.
    private static bool IsSame(DateTime? one, DateTime? other) => one is null || other is null
        ? one == other
        : (one.Value - other.Value).Duration() < TimeSpan.FromMilliseconds(1);

    private async Task WriteAsync(CatalogContext catalog, string slug, CancellationToken cancellation)
    {
        var row = (await catalog.FindAtlasAsync(slug, cancellation))!;
        // The atlas has just been retried.
        if (row.State == AtlasState.Running)
            return;
        var spec = row.ReadSpec();
        var outcome = await monitor.WhenFinishedAsync(slug, cancellation);
        await AtlasManifest.WriteAsync(
            store, spec, outcome, VizTelemetry.Version, command: null, libtorch: null, objectsSha256: null, cancellation);
    }
}
