using System.Security.Cryptography;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Packing;

/// <summary>Unpacks an atlas, which anybody may have packed: what the list does not name, or names otherwise, is refused.</summary>
internal static class AtlasUnpacking
{
    /// <summary>Unpacks into a temporary folder beside the target, and renames it at the end.</summary>
    /// <param name="file">The packed atlas.</param>
    /// <param name="folder">The folder to write; it must not exist, or be empty.</param>
    /// <param name="begin">Is told what will be unpacked.</param>
    /// <param name="cancellation">Stops; nothing is left.</param>
    /// <exception cref="UsageException">The file is no packed atlas, damaged or hostile; or the folder has files.</exception>
    public static async Task RunAsync(string file, string folder, Action<PackList> begin, CancellationToken cancellation)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (File.Exists(target))
            throw new UsageException($"--to '{folder}' is a file; give a folder");
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            throw new UsageException($"folder '{folder}' is not empty; give one that does not exist");
        if (!File.Exists(file))
            throw new UsageException($"file '{file}' does not exist; give a file that `viz pack` wrote");
        var temporary = $"{target}.{Environment.ProcessId}.tmp";
        try
        {
            var list = await ReadAsync(file, temporary, begin, cancellation);
            await CheckAtlasAsync(file, temporary, list, cancellation);
            if (Directory.Exists(target))
                Directory.Delete(target);
            Directory.Move(temporary, target);
        }
        finally
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
        }
    }

    private static async Task<PackList> ReadAsync(
        string file, string temporary, Action<PackList> begin, CancellationToken cancellation)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        try
        {
            var reader = new PackReader(stream);
            if (reader.Next() is not { Name: PackList.Name, Bytes: var size } || size > Math.Min(stream.Length, PackList.LargestBytes))
                throw new UsageException($"it is not a packed atlas: it does not begin with the list {PackList.Name}");
            var json = new MemoryStream((int)size);
            reader.Read(PackList.Name, size, part => json.Write(part.Span));
            var list = PackList.Read(json.GetBuffer().AsSpan(0, (int)size), stream.Length);
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
            Directory.CreateDirectory(temporary);
            FreeSpace.Check(Path.GetDirectoryName(temporary)!, list.CountBytes());
            begin(list);
            using var progress = new ByteProgress("unpacking", list.CountBytes());
            var seen = new HashSet<string>(StringComparer.Ordinal);
            while (reader.Next() is var (name, bytes))
            {
                if (!list.Entries.TryGetValue(name, out var expected))
                    throw new UsageException($"its entry '{PackReader.Printable(name)}' is not in its list");
                if (!seen.Add(name))
                    throw new UsageException($"it has the entry '{name}' twice");
                if (bytes != expected.Bytes)
                    throw new UsageException($"its entry '{name}' has {bytes} bytes, but {expected.Bytes} in its list");
                Unpack(reader, name, expected, Path.Combine(temporary, name), progress, cancellation);
            }
            return list.Entries.Keys.FirstOrDefault(name => !seen.Contains(name)) is { } missing
                ? throw new UsageException($"it lacks the entry '{missing}' of its list")
                : list;
        }
        catch (UsageException fault)
        {
            throw new UsageException($"cannot unpack '{file}': {fault.Message}");
        }
    }

    private static void Unpack(
        PackReader reader, string name, PackEntry expected, string path, ByteProgress progress, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using (var output = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            reader.Read(name, expected.Bytes, part =>
            {
                cancellation.ThrowIfCancellationRequested();
                hash.AppendData(part.Span);
                output.Write(part.Span);
                progress.Add(part.Length);
            });
        }
        if (Convert.ToHexStringLower(hash.GetCurrentHash()) != expected.Sha256)
            throw new UsageException($"its entry '{name}' is damaged: it has another SHA-256 than in its list");
    }

    // The id becomes part of keys and addresses.
    private static async Task CheckAtlasAsync(string file, string folder, PackList list, CancellationToken cancellation)
    {
        try
        {
            var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
            await atlas.Database.CheckSchemaAsync(cancellation);
            if (!AtlasSpec.IsId(list.Atlas) || atlas.Row.Slug != list.Atlas || atlas.Spec.Id != list.Atlas)
                throw new UsageException("its list and its catalog do not agree on the id of the atlas");
        }
        catch (Exception fault) when (fault is UsageException or CorruptTableException)
        {
            throw new UsageException(
                $"cannot unpack '{file}': {PackReader.Printable(fault.Message.Replace(folder, "it", StringComparison.Ordinal))}");
        }
    }
}
