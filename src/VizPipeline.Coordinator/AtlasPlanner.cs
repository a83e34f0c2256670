using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>Plans atlases, resumes planned ones, and retries failed jobs.</summary>
public sealed class AtlasPlanner
{
    // More than the priorities of the kinds span, so that an atlas's priority takes precedence.
    private const int KindPriorities = 100;

    private readonly CatalogDatabase _database;
    private readonly IObjectStore _store;
    private readonly CoordinatorSession _session;
    private readonly JobLedger _ledger;
    private readonly DispatchSignal _signal;
    private readonly AtlasMonitor _monitor;
    private readonly CoordinatorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<AtlasPlanner> _logger;

    internal AtlasPlanner(
        CatalogDatabase database,
        IObjectStore store,
        CoordinatorSession session,
        JobLedger ledger,
        DispatchSignal signal,
        AtlasMonitor monitor,
        IOptions<CoordinatorOptions> options,
        TimeProvider time,
        ILogger<AtlasPlanner> logger)
    {
        this._database = database;
        this._store = store;
        this._session = session;
        this._ledger = ledger;
        this._signal = signal;
        this._monitor = monitor;
        this._options = options.Value;
        this._time = time;
        this._logger = logger;
    }

    /// <summary>
    /// Plans the atlas, or resumes it if the catalog already has it. More images, layers, methods, ascent recipes or seeds than it has are
    /// added to it, and only they are computed; those that it has and that are not asked for stay.
    /// </summary>
    /// <param name="spec">
    /// The spec. An existing atlas keeps its shard and job sizes, but for images that are added; paths, batch size and device follow the
    /// new spec.
    /// </param>
    /// <param name="images">The image list, whose length must match the spec.</param>
    /// <param name="cancellation">Stops planning; the atlas is planned completely or not at all.</param>
    /// <exception cref="InvalidAtlasSpecException">The spec is invalid.</exception>
    /// <exception cref="AtlasConflictException">The catalog holds another atlas, or this one with settings that change it.</exception>
    /// <exception cref="CatalogUnusableException">The catalog cannot be opened, or another process coordinates it.</exception>
    /// <exception cref="ObjectStoreException">The spec or the image list cannot be stored.</exception>
    public Task<OpenedAtlas> OpenAsync(AtlasSpec spec, ImageList images, CancellationToken cancellation = default)
        => OpenAsync(spec, images, 0, cancellation);

    /// <inheritdoc cref="OpenAsync(AtlasSpec, ImageList, CancellationToken)"/>
    /// <param name="spec">The spec.</param>
    /// <param name="images">The image list.</param>
    /// <param name="priority">Larger runs sooner than jobs of other atlases, from -100 to 100.</param>
    /// <param name="cancellation">Stops planning.</param>
    public Task<OpenedAtlas> OpenAsync(AtlasSpec spec, ImageList images, int priority, CancellationToken cancellation = default)
        => OpenAsync(spec, images, priority, storeFiles: null, cancellation);

    /// <inheritdoc cref="OpenAsync(AtlasSpec, ImageList, CancellationToken)"/>
    /// <param name="spec">The spec.</param>
    /// <param name="images">The image list.</param>
    /// <param name="priority">Larger runs sooner than jobs of other atlases, from -100 to 100.</param>
    /// <param name="storeFiles">Stores the dictionaries' files, once nothing speaks against the spec; null if there are none.</param>
    /// <param name="cancellation">Stops planning.</param>
    public async Task<OpenedAtlas> OpenAsync(
        AtlasSpec spec, ImageList images, int priority, Func<CancellationToken, Task>? storeFiles, CancellationToken cancellation = default)
    {
        if (priority is < -100 or > 100)
            throw new InvalidAtlasSpecException([$"the priority must be from -100 to 100, not {priority}"]);
        var faults = spec.Faults();
        if (faults.Count > 0)
            throw new InvalidAtlasSpecException(faults);
        if (images.Images.Count != spec.Images.Count)
            throw new InvalidAtlasSpecException([$"the spec counts {spec.Images.Count} images, but {images.Images.Count} are listed"]);
        await _session.EnsureOpenAsync(cancellation);

        await using var catalog = _database.Open();
        var other = _options.SingleAtlas
            ? await catalog.Atlases.Where(atlas => atlas.Slug != spec.Id).Select(atlas => atlas.Slug).FirstOrDefaultAsync(cancellation)
            : null;
        if (other is not null)
            throw AtlasConflictException.OtherAtlas(_database.Place, other, spec.Id);
        var known = await catalog.Atlases.AsTracking().SingleOrDefaultAsync(atlas => atlas.Slug == spec.Id, cancellation);
        var opened = known is null
            ? await PlanAsync(catalog, spec, images, priority, storeFiles, cancellation)
            : await ResumeAsync(catalog, known, spec, images, storeFiles, cancellation);
        _signal.Raise();
        return opened;
    }

    /// <summary>Resets failed and blocked jobs and the sheets that depend on them. They run as soon as the host runs.</summary>
    /// <returns>The number of jobs that had failed or were blocked.</returns>
    /// <exception cref="AtlasNotFoundException">There is no such atlas.</exception>
    /// <exception cref="CatalogUnusableException">The catalog cannot be opened, or another process coordinates it.</exception>
    public async Task<int> RetryAsync(string atlasId, CancellationToken cancellation = default)
    {
        await _session.EnsureOpenAsync(cancellation);
        await CheckAsync(atlasId, cancellation);
        await _store.DeleteAsync(AtlasKeys.Cancelled(atlasId), cancellation);
        var jobs = await _ledger.RetryAsync(atlasId, cancellation);
        _signal.Raise();
        return jobs;
    }

    /// <summary>
    /// Cancels an atlas; completed work is kept. Workers finish their current jobs and drop the others. <see cref="RetryAsync"/> resumes
    /// it.
    /// </summary>
    /// <returns>The number of jobs that will not run.</returns>
    /// <exception cref="AtlasNotFoundException">There is no such atlas.</exception>
    public async Task<int> CancelAsync(string atlasId, CancellationToken cancellation = default)
    {
        await _session.EnsureOpenAsync(cancellation);
        await CheckAsync(atlasId, cancellation);
        var jobs = await _ledger.CancelAsync(atlasId, cancellation);
        if (jobs > 0)
            await _store.PutAsync(AtlasKeys.Cancelled(atlasId), ReadOnlyMemory<byte>.Empty, cancellation);
        _monitor.AtlasFinished();
        return jobs;
    }

    // Checked before the id becomes part of a key.
    private async Task CheckAsync(string atlasId, CancellationToken cancellation)
    {
        await using var catalog = _database.Open();
        if (await catalog.FindAtlasAsync(atlasId, cancellation) is null)
            throw new AtlasNotFoundException(_database.Place, atlasId);
    }

    private async Task<OpenedAtlas> PlanAsync(
        CatalogContext catalog, AtlasSpec spec, ImageList images, int priority, Func<CancellationToken, Task>? storeFiles,
        CancellationToken cancellation)
    {
        if (_options.SizesJobs)
            spec = await JobSizing.FitAsync(catalog, spec, await _ledger.DevicesAsync(catalog, cancellation), cancellation);
        await DeleteLeftoversAsync(spec, cancellation);
        // Stored before the catalog has the first job, so that a worker always finds the spec.
        await StoreAsync(spec, images, storeFiles, cancellation);
        IReadOnlyList<PlannedJob> plan = [.. JobPlan.For(spec).Select(
            job => job with { Priority = job.Priority - (KindPriorities * priority) })];
        var now = _time.GetUtcNow().UtcDateTime;
        await using var transaction = await catalog.Database.BeginTransactionAsync(cancellation);
        var atlas = await AtlasCreation.CreateAsync(catalog, spec, images, plan, now, cancellation);
        atlas.Priority = priority;
        await catalog.SaveChangesAsync(cancellation);
        await StageAdvance.AdvanceAsync(catalog, atlas, now, cancellation);
        await transaction.CommitAsync(cancellation);
        await _database.AnalyzeAsync(cancellation);
        _logger.AtlasPlanned(spec.Id, spec.Layers.Count, spec.NeuronCount(), plan.Count);
        return new OpenedAtlas(spec, Resumed: false, atlas.State);
    }

    private async Task<OpenedAtlas> ResumeAsync(
        CatalogContext catalog, Atlas known, AtlasSpec spec, ImageList images, Func<CancellationToken, Task>? storeFiles,
        CancellationToken cancellation)
    {
        var stored = known.ReadSpec();
        if (_options.SizesJobs && spec.Images.Count > stored.Images.Count)
        {
            var added = spec with { Images = spec.Images with { Count = spec.Images.Count - stored.Images.Count } };
            added = await JobSizing.FitAsync(catalog, added, await _ledger.DevicesAsync(catalog, cancellation), cancellation);
            spec = spec with { ShardImages = added.ShardImages };
        }
        var (joined, list) = await GrowingImages.JoinAsync(_store, _database.Place, stored, spec, images, cancellation);
        var lost = await GrowingImages.FindLostAsync(_store, stored, joined, cancellation);
        await StoreAsync(joined, spec.NeedsScan() ? list : null, storeFiles, cancellation);
        known.Name = joined.Name;
        if (known.SpecHash != joined.Hash())
        {
            await catalog.SaveChangesAsync(cancellation);
            await _store.DeleteAsync(AtlasKeys.Cancelled(spec.Id), cancellation);
            var jobs = await _ledger.GrowAsync(known.Id, stored, joined, list, lost, KindPriorities, cancellation);
            var grown = new OpenedAtlas(joined, Resumed: true, AtlasState.Running)
            {
                Before = stored,
                ScannedAgain = GrowingImages.CountImages(stored, lost),
            };
            _logger.AtlasGrown(spec.Id, string.Join("; ", grown.Added), jobs);
            return grown;
        }
        known.Spec = Encoding.UTF8.GetString(VizJson.Write(joined));
        await catalog.SaveChangesAsync(cancellation);
        _logger.AtlasResumed(spec.Id);
        return new OpenedAtlas(joined, Resumed: true, known.State);
    }

    // Of an atlas of this id that was never planned, such as one that did not arrive completely: workers would take its results for theirs.
    private async Task DeleteLeftoversAsync(AtlasSpec spec, CancellationToken cancellation)
    {
        var root = AtlasKeys.Root(spec.Id) + "/";
        if (await _store.TryGetAsync(AtlasKeys.Spec(spec.Id), cancellation) is { } stored && IsSame(stored, spec))
            return;
        var keys = new List<string>();
        await foreach (var key in _store.ListAsync(root, cancellation))
            if (AtlasKeys.IsLasting(key[root.Length..]) || key.StartsWith(AtlasKeys.AllScans(spec.Id), StringComparison.Ordinal))
                keys.Add(key);
        foreach (var key in keys)
            await _store.DeleteAsync(key, cancellation);
    }

    private static bool IsSame(byte[] stored, AtlasSpec spec)
    {
        try
        {
            return VizJson.Read<AtlasSpec>(stored).Hash() == spec.Hash();
        }
        catch (CorruptTableException)
        {
            return false;
        }
    }

    // Null keeps the list of images that is there.
    private async Task StoreAsync(
        AtlasSpec spec, ImageList? images, Func<CancellationToken, Task>? storeFiles, CancellationToken cancellation)
    {
        if (storeFiles is not null)
            await storeFiles(cancellation);
        if (images is not null)
            await _store.PutAsync(AtlasKeys.ImageList(spec.Id), VizJson.Write(images), cancellation);
        await _store.PutAsync(AtlasKeys.Spec(spec.Id), VizJson.Write(spec), cancellation);
    }
}

/// <summary>A planned atlas.</summary>
/// <param name="Spec">The spec that the jobs follow.</param>
/// <param name="Resumed">Whether the atlas was planned before.</param>
/// <param name="State">Its state; a finished atlas has nothing to run.</param>
public sealed record OpenedAtlas(AtlasSpec Spec, bool Resumed, AtlasState State)
{
    /// <summary>The spec before the atlas grew; null if nothing is new.</summary>
    public AtlasSpec? Before { get; init; }

    /// <summary>Number of images that are searched again, because the results of their shards were taken away.</summary>
    public int ScannedAgain { get; init; }

    /// <summary>What the atlas gains, in words; empty if nothing is new.</summary>
    public IReadOnlyList<string> Added => Before is null ? [] : AtlasGrowth.Describe(Before, Spec);
}
