using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Packing;

/// <summary>The first entry of a packed atlas: all other entries, by their paths in the atlas's folder.</summary>
/// <param name="Atlas">The id of the atlas.</param>
/// <param name="Entries">The entries.</param>
internal sealed record PackList(string Atlas, IReadOnlyDictionary<string, PackEntry> Entries)
{
    /// <summary>The name of the first entry.</summary>
    public const string Name = "pack.json";

    /// <summary>The largest list that is read: enough for millions of files.</summary>
    public const long LargestBytes = 1L << 30;

    /// <summary>The version of this schema.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>Counts the bytes of all entries.</summary>
    public long CountBytes() => Entries.Values.Sum(entry => entry.Bytes);

    /// <summary>Returns whether a path is of a file that a packed atlas may have.</summary>
    public static bool IsPart(string path) =>
        path == EmbeddedAtlas.CatalogFile("") || path == SqliteCatalogDatabase.NotesFile("") || AtlasKeys.IsLasting(path);

    /// <summary>Reads a list that anybody may have written.</summary>
    /// <param name="json">The list.</param>
    /// <param name="available">The size of the archive, which all entries together cannot exceed.</param>
    /// <exception cref="UsageException">It is damaged, or lists what no atlas has.</exception>
    public static PackList Read(ReadOnlySpan<byte> json, long available)
    {
        PackList list;
        try
        {
            list = VizJson.Read<PackList>(json);
        }
        catch (CorruptTableException damage)
        {
            throw new UsageException($"its list {Name} is damaged: {PackReader.Printable(damage.Message)}");
        }
        if (list.Schema != 1)
            throw new UsageException($"its list {Name} is of version {list.Schema}, which this version of viz does not know");
        Int128 total = 0;
        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (path, entry) in list.Entries)
        {
            if (!ObjectKey.IsValid(path) || !IsPart(path))
                throw new UsageException($"its list names '{PackReader.Printable(path)}', which is no file of an atlas");
            if (entry.Bytes < 0)
                throw new UsageException($"its list gives '{path}' a negative size");
            total += entry.Bytes;
            for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
                folders.Add(path[..slash]);
        }
        if (folders.FirstOrDefault(list.Entries.ContainsKey) is { } twice)
            throw new UsageException($"its list has '{twice}' both as a file and as a folder");
        if (total > available)
            throw new UsageException($"its list claims {total} bytes, but the file has {available}: it is truncated or damaged");
        foreach (var needed in new[] { EmbeddedAtlas.CatalogFile(""), AtlasKeys.PathInFolder(AtlasKeys.Spec("atlas")) })
        {
            if (!list.Entries.ContainsKey(needed))
                throw new UsageException($"it contains no {needed}, so it is no whole atlas");
        }
        return list;
    }
}

/// <summary>An entry of a packed atlas.</summary>
/// <param name="Sha256">The SHA-256 of its content, in lower-case hexadecimal digits.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record PackEntry(string Sha256, long Bytes);
