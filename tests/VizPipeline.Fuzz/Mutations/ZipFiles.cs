using System.IO.Compression;

namespace VizPipeline.Fuzz.Mutations;

/// <summary>Zip archives whose bytes follow from their members alone, without the time of day.</summary>
internal static class ZipFiles
{
    public static byte[] Of(IEnumerable<(string Name, byte[] Bytes)> members, CompressionLevel level = CompressionLevel.NoCompression)
        => Of(members, () => level);

    public static byte[] Of(IEnumerable<(string Name, byte[] Bytes)> members, Func<CompressionLevel> level)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, bytes) in members)
            {
                var entry = archive.CreateEntry(name, level());
                entry.LastWriteTime = new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var content = entry.Open();
                content.Write(bytes);
            }
        }
        return stream.ToArray();
    }

    public static List<(string Name, byte[] Bytes)> Members(byte[] archive)
    {
        var members = new List<(string Name, byte[] Bytes)>();
        using var reader = new ZipArchive(new MemoryStream(archive));
        foreach (var entry in reader.Entries)
        {
            using var stream = entry.Open();
            var bytes = new byte[entry.Length];
            stream.ReadExactly(bytes);
            members.Add((entry.FullName, bytes));
        }
        return members;
    }
}
