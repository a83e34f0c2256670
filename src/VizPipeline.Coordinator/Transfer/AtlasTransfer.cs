using Microsoft.Extensions.Logging;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>
/// Gives finished atlases out as the files of an atlas's folder, and takes such files in. Objects come first, in any order; the catalog
/// comes last and makes the atlas visible.
/// </summary>
internal sealed class AtlasTransfer(
    CatalogDatabase database, IObjectStore store, CoordinatorSession session, TimeProvider time, ILogger<AtlasTransfer> logger)
{
    private const int MissingToName = 3;

    // Without an object for so long, an atlas is taken for given up.
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);
    private static readonly TimeSpan BetweenMarks = TimeSpan.FromMinutes(1);

    /// <summary>Writes the catalog of one atlas to a new SQLite file.</summary>
    /// <exception cref="AtlasNotFoundException">There is no such atlas.</exception>
    /// <exception cref="AtlasConflictException">It has not ended, or its manifest is not written yet.</exception>
    public async Task WriteCatalogAsync(string atlasId, string file, CancellationToken cancellation)
    {
        await using var from = database.Open();
        var atlas = await FindEndedAsync(from, atlasId, cancellation);
        var target = new SqliteCatalogDatabase(file);
        await target.MigrateAsync(cancellation);
        await using (var to = target.Open())
        {
            await using var transaction = await to.Database.BeginTransactionAsync(cancellation);
            await CatalogCopy.CopyAsync(from, atlas, to, cancellation);
            await transaction.CommitAsync(cancellation);
        }
        await target.SealAsync(cancellation);
    }

    /// <summary>
    /// Lists the names of an atlas's lasting objects: of a finished one, or of one of which only objects have been sent yet.
    /// </summary>
    public async Task<IReadOnlyList<string>> ListAsync(string atlasId, CancellationToken cancellation)
    {
        CheckId(atlasId);
        var (root, names) = (AtlasKeys.Root(atlasId) + "/", new List<string>());
        await foreach (var key in store.ListAsync(root, cancellation))
            if (AtlasKeys.IsLasting(key[root.Length..]))
                names.Add(key[root.Length..]);
        return names;
    }

    /// <summary>Copies an object to a file.</summary>
    /// <exception cref="ObjectNotFoundException">It does not exist.</exception>
    public Task ReadAsync(string atlasId, string name, string file, CancellationToken cancellation)
        => store.GetFileAsync(KeyOf(atlasId, name), file, cancellation);

    /// <summary>
    /// Reserves an id for an atlas that is being sent, so that the objects of two atlases of one id cannot mix. Two transfers of the same
    /// atlas help each other.
    /// </summary>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="content">What identifies the atlas that is sent, such as a hash of its lists.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="AtlasConflictException">Another atlas of this id has been coming in within the last hour.</exception>
    public async Task ClaimAsync(string atlasId, string content, CancellationToken cancellation)
    {
        CheckId(atlasId);
        var (key, now) = (AtlasKeys.Transfer(atlasId), time.GetUtcNow());
        var claim = await store.TryGetAsync(key, cancellation) is { } json ? VizJson.Read<TransferClaim>(json) : null;
        if (claim is not null && claim.Content != content)
        {
            if (now - claim.At < LongestPause)
                throw new AtlasConflictException(
                    $"another atlas '{atlasId}' is being sent, last at {claim.At:u}; wait for its end, or give this one another id with "
                    + "`viz rename`");
            await foreach (var name in store.ListAsync(AtlasKeys.Root(atlasId) + "/", cancellation))
                if (name != key)
                    await store.DeleteAsync(name, cancellation);
        }
        if (claim is null || claim.Content != content || now - claim.At > BetweenMarks)
            await store.PutAsync(key, VizJson.Write(new TransferClaim(content, now)), cancellation);
    }

    /// <summary>Refuses an object before it is received.</summary>
    /// <inheritdoc cref="WriteAsync"/>
    public async Task CheckWritableAsync(string atlasId, string name, CancellationToken cancellation)
    {
        _ = KeyOf(atlasId, name);
        await using var catalog = database.Open();
        await CheckUnknownAsync(catalog, atlasId, cancellation);
    }

    /// <summary>Stores an object of an atlas that the catalog does not have yet.</summary>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="name">The object's path in the atlas's folder.</param>
    /// <param name="file">The content.</param>
    /// <param name="sha256">Its SHA-256, lower-case hex.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ArgumentException">The name is not that of an object of an atlas, or the hash is not that of the file.</exception>
    /// <exception cref="AtlasConflictException">The catalog has the atlas.</exception>
    public async Task WriteAsync(string atlasId, string name, string file, string sha256, CancellationToken cancellation)
    {
        var key = KeyOf(atlasId, name);
        await CheckWritableAsync(atlasId, name, cancellation);
        if (await FileHash.Sha256Async(file, cancellation) != sha256)
            throw new ArgumentException($"'{name}' has another SHA-256 than the request says: it was damaged on its way");
        await store.PutFileAsync(key, file, cancellation);
    }

    /// <summary>Returns whether an object exists and has this SHA-256.</summary>
    public async Task<bool> HasAsync(string atlasId, string name, string sha256, string scratch, CancellationToken cancellation)
    {
        var key = KeyOf(atlasId, name);
        if (!await store.ExistsAsync(key, cancellation))
            return false;
        await store.GetFileAsync(key, scratch, cancellation);
        return await FileHash.Sha256Async(scratch, cancellation) == sha256;
    }

    /// <summary>Adds an atlas, all of whose objects are there, to the catalog.</summary>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="file">The atlas's catalog, which anybody may have written.</param>
    /// <param name="cancellation">Cancels; nothing is added then.</param>
    /// <exception cref="ArgumentException">The file is no catalog of this atlas, or objects are missing.</exception>
    /// <exception cref="AtlasConflictException">The catalog has the atlas already.</exception>
    public async Task ImportAsync(string atlasId, string file, CancellationToken cancellation)
    {
        CheckId(atlasId);
        await session.EnsureOpenAsync(cancellation);
        await using var to = database.Open();
        await CheckUnknownAsync(to, atlasId, cancellation);
        await using (var sent = await SentCatalog.OpenAsync(file, atlasId, cancellation))
        {
            // Before the transaction, for which everything else waits.
            await CheckObjectsAsync(atlasId, sent, cancellation);
            await using var transaction = await database.BeginSerializedAsync(to, cancellation);
            await CheckUnknownAsync(to, atlasId, cancellation);
            await sent.CopyToAsync(to, cancellation);
            await transaction.CommitAsync(cancellation);
        }
        // The atlas is there, whoever has gone away meanwhile.
        await store.DeleteAsync(AtlasKeys.Transfer(atlasId), CancellationToken.None);
        await database.AnalyzeAsync(CancellationToken.None);
        logger.AtlasImported(atlasId);
    }

    // What the catalog refers to, and what the list of objects names.
    private async Task CheckObjectsAsync(string atlasId, SentCatalog sent, CancellationToken cancellation)
    {
        var there = (await ListAsync(atlasId, cancellation)).ToHashSet(StringComparer.Ordinal);
        var needed = new List<string>(await sent.ReadNamesAsync(cancellation)) { "spec.json", "manifest.json" };
        if (there.Contains(AtlasKeys.PathInFolder(AtlasKeys.ObjectList(atlasId))))
            needed.AddRange(VizJson.Read<ObjectList>(await store.GetAsync(AtlasKeys.ObjectList(atlasId), cancellation)).Objects.Keys
                .Where(AtlasKeys.IsLasting));
        var missing = needed.Distinct().Where(name => !there.Contains(name)).Order(StringComparer.Ordinal).ToList();
        if (missing.Count > 0)
            throw new ArgumentException(
                $"{missing.Count} of the objects of atlas '{atlasId}' have not been sent: "
                + string.Join(", ", missing.Take(MissingToName)) + (missing.Count > MissingToName ? ", ..." : ""));
    }

    private async Task<Atlas> FindEndedAsync(CatalogContext catalog, string atlasId, CancellationToken cancellation)
    {
        var atlas = await catalog.FindAtlasAsync(atlasId, cancellation) ?? throw new AtlasNotFoundException(database.Place, atlasId);
        if (atlas.State == AtlasState.Running)
            throw new AtlasConflictException($"atlas '{atlasId}' is not finished; `viz status {atlasId} --watch` waits for its end");
        return await store.ExistsAsync(AtlasKeys.Manifest(atlasId), cancellation)
            ? atlas
            : throw new AtlasConflictException($"atlas '{atlasId}' has just ended and has no manifest yet; try again in a few seconds");
    }

    private static async Task CheckUnknownAsync(CatalogContext catalog, string atlasId, CancellationToken cancellation)
    {
        if (await catalog.FindAtlasAsync(atlasId, cancellation) is not null)
            throw new AtlasConflictException(
                $"the cluster has an atlas '{atlasId}' already; `viz rename` gives the atlas in the folder another id");
    }

    private static string KeyOf(string atlasId, string name)
    {
        CheckId(atlasId);
        var key = $"{AtlasKeys.Root(atlasId)}/{name}";
        return AtlasKeys.IsLasting(name) && ObjectKey.IsValid(key)
            ? key
            : throw new ArgumentException($"'{(name.Length > 100 ? name[..100] : name)}' is not the name of an object of an atlas");
    }

    private static void CheckId(string atlasId)
    {
        if (!AtlasSpec.IsId(atlasId))
            throw new ArgumentException("the id of an atlas is 3 to 64 characters of a-z, 0-9 and '-', and does not begin with '-'");
    }
}

/// <summary>Which atlas is coming in under an id.</summary>
/// <param name="Content">What identifies it.</param>
/// <param name="At">When it last sent something.</param>
internal sealed record TransferClaim(string Content, DateTimeOffset At);
