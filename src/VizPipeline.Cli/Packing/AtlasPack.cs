using System.Formats.Tar;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Cli.Publishing;
using VizPipeline.Jobs;
using VizPipeline.Network.Formats;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Packing;

/// <summary>
/// Packs an atlas into one tar file: the list of all entries first, then the small files that describe the atlas, the catalog, and the rest
/// by name. The same atlas gives the same bytes.
/// </summary>
/// <remarks>
/// What is left out is left out everywhere: catalog, spec, tables, list of objects and manifest in the file agree with what it contains.
/// So do paths and names of machines, see <see cref="PublicFacts"/>.
/// </remarks>
internal sealed class AtlasPack : IDisposable
{
    // Above, ustar has no room for the size or the name.
    private const long LargestUstar = 1L << 33;
    private const int LongestUstar = 100;

    private static readonly string[] First = ["manifest.json", "spec.json", "images.json", "objects.json", "atlas.db"];

    private readonly string _atlas;
    private readonly string _target;
    private readonly ScratchFolder _scratch;
    private readonly Dictionary<string, string> _expected = new(StringComparer.Ordinal);

    private AtlasPack(string atlas, string target) => (_atlas, _target, _scratch) = (atlas, target, new ScratchFolder(target));

    /// <summary>The files to pack, in their order.</summary>
    public IReadOnlyList<PackSource> Sources { get; private set; } = [];

    /// <summary>The size of all files in bytes.</summary>
    public long Bytes => Sources.Sum(source => source.Bytes);

    /// <summary>What is left out.</summary>
    public IReadOnlyList<PrunedPart> LeftOut { get; private set; } = [];

    /// <summary>Number of files in the folder that the atlas did not write, which are left out, too.</summary>
    public int Foreign { get; private set; }

    /// <summary>Whether the atlas has lists and notes, which are left out.</summary>
    public bool LeavesNotes { get; private set; }

    /// <summary>
    /// Finds what has to be packed, and copies the catalog to a folder beside the target, which <see cref="Dispose"/> deletes.
    /// </summary>
    /// <param name="atlas">A finished atlas.</param>
    /// <param name="target">The file to write.</param>
    /// <param name="withSources">Whether pictures that show pixels of the image set are packed.</param>
    /// <param name="withNotes">Whether lists and notes are packed, which are personal.</param>
    /// <param name="spec">
    /// The spec to pack in the place of the atlas's own, with other paths, for a place that may know all of them; null for a file that may
    /// be published.
    /// </param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="UsageException">The folder lacks a file of the atlas.</exception>
    public static async Task<AtlasPack> PlanAsync(
        StoredAtlas atlas, string target, bool withSources, bool withNotes, AtlasSpec? spec = null,
        CancellationToken cancellation = default)
    {
        target = Path.GetFullPath(target);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var pack = new AtlasPack(atlas.Spec.Id, target);
        try
        {
            var (store, parts) = (atlas.OpenStore(), (withSources ? new AtlasParts() : AtlasParts.WithSourcePixels) with { Scan = true });
            var facts = spec is null ? await PublicFacts.ReadAsync(store, atlas.Spec.Id, cancellation) : null;
            spec ??= PublicFacts.Of(atlas.Spec);
            var pruning = await AtlasPruning.PlanAsync(spec, store, parts, cancellation);
            pruning.Changes.Replace(AtlasKeys.Spec(spec.Id), VizJson.Write(pruning.Spec));
            if (facts is not null)
                await facts.AddAsync(store, spec.Id, pruning.Changes, cancellation);
            pack.LeftOut = [.. pruning.Parts.Where(part => part.Files > 0)];
            var catalog = await pack.CopyCatalogAsync(atlas, pruning, facts, cancellation);
            var notes = SqliteCatalogDatabase.NotesFile(atlas.Folder);
            pack.LeavesNotes = !withNotes && File.Exists(notes);
            await pack.ListAsync(
                store, pruning, facts, catalog, withNotes && File.Exists(notes) ? await pack.CopyNotesAsync(notes, cancellation) : null,
                cancellation);
            return pack;
        }
        catch
        {
            pack.Dispose();
            throw;
        }
    }

    /// <summary>Writes the file; if this fails, an older file stays.</summary>
    /// <exception cref="UsageException">A file is damaged, or changed meanwhile.</exception>
    public void Write(CancellationToken cancellation)
    {
        FreeSpace.Check(Path.GetDirectoryName(_target)!, Bytes);
        var entries = new SortedDictionary<string, PackEntry>(StringComparer.Ordinal);
        using (var progress = new ByteProgress("checking", Bytes))
        {
            foreach (var source in Sources)
            {
                entries[source.Name] = source.Describe(progress, cancellation);
                Check(source.Name, entries[source.Name]);
            }
        }
        var list = VizJson.Write(new PackList(_atlas, entries));
        using var packing = new ByteProgress("packing", Bytes + list.Length);
        AtomicFile.Write(_target, stream =>
        {
            using var tar = new TarWriter(stream, TarEntryFormat.Ustar, leaveOpen: true);
            foreach (var source in Sources.Prepend(new PackSource(PackList.Name, null, list)))
            {
                using var content = source.Open(packing, cancellation);
                var entry = Create(source);
                entry.DataStream = content;
                tar.WriteEntry(entry);
                if (source.Name != PackList.Name && content.Entry() != entries[source.Name])
                    throw new UsageException($"{source.Name} changed while it was packed; try again when nothing writes to the folder");
            }
        });
    }

    /// <summary>Checks a file against the list of objects of the atlas.</summary>
    /// <exception cref="UsageException">It has changed since the atlas was built.</exception>
    public void Check(string name, PackEntry entry)
    {
        if (_expected.TryGetValue(name, out var hash) && hash != entry.Sha256)
            throw new UsageException($"{name} of atlas '{_atlas}' has changed since the run; `viz verify` shows what else");
    }

    /// <inheritdoc/>
    public void Dispose() => _scratch.Dispose();

    // Fixed times and owners; GNU's format where ustar's has no room, because .NET's pax headers contain the number of the process.
    private static PosixTarEntry Create(PackSource source)
    {
        PosixTarEntry entry = source.Name.Length > LongestUstar || source.Bytes >= LargestUstar
            ? new GnuTarEntry(TarEntryType.RegularFile, source.Name) { AccessTime = default, ChangeTime = default }
            : new UstarTarEntry(TarEntryType.RegularFile, source.Name);
        entry.ModificationTime = DateTimeOffset.UnixEpoch;
        entry.Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        (entry.Uid, entry.Gid, entry.UserName, entry.GroupName) = (0, 0, "", "");
        return entry;
    }

    private async Task<string> CopyCatalogAsync(
        StoredAtlas atlas, AtlasPruning pruning, PublicFacts? facts, CancellationToken cancellation)
    {
        await atlas.Database.CheckSchemaAsync(cancellation);
        var copy = EmbeddedAtlas.CatalogFile(_scratch.Path);
        await PublicFacts.CopyCatalogAsync(
            atlas.Database, copy,
            async database =>
            {
                await pruning.WriteCatalogAsync(database, atlas.Spec.Id, cancellation);
                if (facts is not null)
                    await facts.WriteCatalogAsync(database, cancellation);
            },
            cancellation);
        return copy;
    }

    // A copy, because somebody may write a note meanwhile.
    private async Task<string> CopyNotesAsync(string file, CancellationToken cancellation)
    {
        var copy = SqliteCatalogDatabase.NotesFile(_scratch.Path);
        await SqliteCatalogDatabase.ForReading(file).CopyToAsync(copy, cancellation);
        return copy;
    }

    private async Task ListAsync(
        FolderObjectStore store, AtlasPruning pruning, PublicFacts? facts, string catalog, string? notes, CancellationToken cancellation)
    {
        var root = AtlasKeys.Root(_atlas) + "/";
        var (list, manifest) = await pruning.Changes.DescribeAsync(
            found => pruning.Change(facts?.Of(found) ?? found, at: null), cancellation);
        var contents = pruning.Changes.Replaced.ToDictionary(pair => pair.Key[root.Length..], pair => pair.Value, StringComparer.Ordinal);
        if (list is not null)
        {
            contents[AtlasKeys.PathInFolder(AtlasKeys.ObjectList(_atlas))] = list;
            foreach (var (name, hash) in VizJson.Read<ObjectList>(list).Objects)
                _expected[name] = hash;
        }
        if (manifest is not null)
            contents[AtlasKeys.PathInFolder(AtlasKeys.Manifest(_atlas))] = manifest;
        var sources = contents.Select(pair => new PackSource(pair.Key, null, pair.Value)).ToList();
        sources.Add(new PackSource(EmbeddedAtlas.CatalogFile(""), catalog));
        if (notes is not null)
            sources.Add(new PackSource(SqliteCatalogDatabase.NotesFile(""), notes));
        await foreach (var key in store.ListAsync(root, cancellation))
        {
            var name = key[root.Length..];
            if (contents.ContainsKey(name) || pruning.Changes.Deleted.Contains(key)
                || EmbeddedAtlas.IsDatabase(name))
                continue;
            // The list of objects and what it does not name: an atlas of a version without it is taken as it is.
            if (AtlasKeys.IsLasting(name) && (list is null || _expected.ContainsKey(name) || key == AtlasKeys.Manifest(_atlas)))
                sources.Add(new PackSource(name, store.PathOf(key)));
            else
                Foreign++;
        }
        Sources = [.. sources.OrderBy(source => Array.IndexOf(First, source.Name) is >= 0 and var place ? place : First.Length)
            .ThenBy(source => source.Name, StringComparer.Ordinal)];
        var found = Sources.Select(source => source.Name).ToHashSet(StringComparer.Ordinal);
        if (_expected.Keys.FirstOrDefault(name => !found.Contains(name)) is { } missing)
            throw new UsageException($"{missing} of atlas '{_atlas}' is missing; `viz verify` shows what else");
    }
}
