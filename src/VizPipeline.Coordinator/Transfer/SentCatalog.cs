using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>A catalog that a user has sent, with one atlas. Anybody may have written it, so everything in it is checked.</summary>
internal sealed class SentCatalog : IAsyncDisposable
{
    // Priorities of kinds and of atlases together stay below.
    private const int LargestPriority = 20_000;

    private readonly CatalogContext _catalog;
    private readonly Atlas _atlas;
    private readonly string _root;

    private SentCatalog(CatalogContext catalog, Atlas atlas)
        => (_catalog, _atlas, _root) = (catalog, atlas, AtlasKeys.Root(atlas.Slug) + "/");

    /// <summary>Opens the file and checks the atlas.</summary>
    /// <exception cref="ArgumentException">The file is no catalog of this version with this atlas, finished.</exception>
    public static async Task<SentCatalog> OpenAsync(string file, string atlasId, CancellationToken cancellation)
    {
        var database = SqliteCatalogDatabase.ForReading(file);
        CatalogContext? catalog = null;
        try
        {
            return await ExplainAsync(async () =>
            {
                catalog = database.Open();
                await CheckTablesAsync(catalog, cancellation);
                await database.CheckSchemaAsync(cancellation);
                var atlas = await catalog.Atlases.AsNoTracking().SingleOrDefaultAsync(cancellation)
                    ?? throw new ArgumentException("the catalog has no atlas");
                var sent = new SentCatalog(catalog, atlas);
                await sent.CheckAsync(atlasId, cancellation);
                return sent;
            });
        }
        catch (Exception failure)
        {
            if (catalog is not null)
                await catalog.DisposeAsync();
            // The file's place on this machine is nobody's business.
            if (failure is CatalogUnusableException)
                throw new ArgumentException(failure.Message.Replace(file, "of the folder", StringComparison.Ordinal), failure);
            throw;
        }
    }

    /// <summary>Returns the names of all objects that the catalog refers to, as paths in the atlas's folder.</summary>
    /// <exception cref="ArgumentException">A key is not of this atlas.</exception>
    public Task<IReadOnlyList<string>> ReadNamesAsync(CancellationToken cancellation) => ExplainAsync<IReadOnlyList<string>>(async () =>
    {
        var names = new List<string>();
        await foreach (var key in _catalog.Pictures.Where(picture => picture.Key != null).Select(picture => picture.Key!)
            .Concat(_catalog.Layers.Where(layer => layer.SheetKey != null).Select(layer => layer.SheetKey!))
            .AsAsyncEnumerable().WithCancellation(cancellation))
            names.Add(NameOf(key));
        return names;
    });

    /// <summary>Copies the atlas to the cluster's catalog.</summary>
    public Task CopyToAsync(CatalogContext to, CancellationToken cancellation)
        => ExplainAsync(() => CatalogCopy.CopyAsync(_catalog, _atlas, to, cancellation));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _catalog.DisposeAsync();

    private async Task CheckAsync(string atlasId, CancellationToken cancellation)
    {
        var spec = _atlas.ReadSpec();
        if (_atlas.Slug != atlasId || spec.Id != atlasId)
            throw new ArgumentException($"the catalog is not that of atlas '{atlasId}'");
        if (spec.Faults() is { Count: > 0 } faults)
            throw new InvalidAtlasSpecException(faults);
        if (_atlas.SpecHash != spec.Hash())
            throw new ArgumentException("the catalog is damaged: its spec does not have the hash that it says");
        if (_atlas.State == AtlasState.Running)
            throw new ArgumentException($"atlas '{atlasId}' is not finished");
        var layers = await _catalog.Layers.AsNoTracking().OrderBy(layer => layer.LayerIndex).ToListAsync(cancellation);
        if (!layers.Select(layer => (layer.LayerIndex, layer.Name, layer.Channels))
            .SequenceEqual(spec.Layers.Select(layer => (layer.Index, layer.Name, layer.Channels))))
            throw new ArgumentException("the catalog is damaged: its layers are not those of its spec");
        var plan = JobPlan.For(spec).ToDictionary(
            job => JobKinds.Get(job.Command).GetResultKeyOf(spec, job.Command), StringComparer.Ordinal);
        await foreach (var job in _catalog.Jobs.AsNoTracking().AsAsyncEnumerable().WithCancellation(cancellation))
            CheckJob(job, spec, plan);
    }

    // A job that may run again is a command to a worker.
    private void CheckJob(Job job, AtlasSpec spec, Dictionary<string, PlannedJob> plan)
    {
        if (job.State is not (JobState.Completed or JobState.Failed or JobState.Blocked or JobState.Cancelled))
            throw new ArgumentException($"job {job.JobId} of the atlas has not ended");
        var command = new JobMessage(job.Kind, job.Payload, Math.Max(1, job.Attempt)).ReadCommand();
        if (command.AtlasId != _atlas.Slug || command.JobId != job.JobId || Math.Abs((long)job.Priority) > LargestPriority
            || !plan.TryGetValue(JobKinds.Get(job.Kind).GetResultKeyOf(spec, command), out var planned)
            || planned.Group != new JobGroup(job.Kind, job.LayerIndex))
            throw new ArgumentException($"job {job.JobId} of the catalog is a job of something else");
        if (job.ResultKey is { } key)
            _ = NameOf(key);
    }

    // Another atlas's object, or a model, must not become readable as a picture of this one.
    private string NameOf(string key) => key.StartsWith(_root, StringComparison.Ordinal) && ObjectKey.IsValid(key)
        ? key[_root.Length..]
        : throw new ArgumentException("the catalog is damaged: an object in it is not one of this atlas");

    // A view in the place of a table could compute for ever.
    private static async Task CheckTablesAsync(CatalogContext catalog, CancellationToken cancellation)
    {
        // By what SQLite made of the schema, and not by what sqlite_master says of itself.
        var tables = await catalog.Database.SqlQuery<string>($"SELECT name AS \"Value\" FROM pragma_table_list WHERE type = 'table'")
            .ToListAsync(cancellation);
        if (catalog.Model.GetEntityTypes().Select(entity => entity.GetTableName()).Append(HistoryRepository.DefaultTableName)
            .FirstOrDefault(table => !tables.Contains(table!)) is { } missing)
            throw new ArgumentException($"the catalog has no table '{missing}'");
    }

    // Any value may be of any type in such a file.
    private static async Task<T> ExplainAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception fault) when (fault is DbException { Source: "Microsoft.Data.Sqlite" } or InvalidCastException
            or InvalidOperationException or FormatException or OverflowException or CorruptTableException)
        {
            throw new ArgumentException($"the catalog is damaged: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }
    }
}
