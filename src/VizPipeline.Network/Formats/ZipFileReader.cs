using System.IO.Compression;

namespace VizPipeline.Network.Formats;

/// <summary>
/// A zip file whose directory has been checked: names are unique, and no entry claims more bytes than its part of the file could unpack to.
/// Nothing else that the zip declares is trusted.
/// </summary>
internal sealed class ZipFileReader : IDisposable
{
    // Deflate compresses at most 1032 to 1, so a larger claim is false and no memory is allocated for it.
    private const long BestRatio = 1032;

    private readonly ByteSource _source;
    private readonly ZipArchive _archive;
    private readonly OrderedDictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);

    private ZipFileReader(ByteSource source)
    {
        this._source = source;
        _archive = Guard(() => new ZipArchive(source.Open(), ZipArchiveMode.Read));
        try
        {
            Guard(() => _archive.Entries.Count);
            CheckDirectory();
        }
        catch
        {
            _archive.Dispose();
            throw;
        }
    }

    /// <summary>The entries' names, in directory order.</summary>
    public IEnumerable<string> Names => _entries.Keys;

    public static ZipFileReader Open(ByteSource source) => new(source);

    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>Returns the unpacked size of an entry in bytes, as declared and checked to be possible.</summary>
    public long LengthOf(string name) => _entries[name].Length;

    /// <summary>
    /// Passes the unpacked bytes of an entry to <paramref name="read"/>. Damaged compressed data raises a
    /// <see cref="ModelFormatException"/>.
    /// </summary>
    public T Read<T>(string name, Func<Stream, T> read) => Guard(() =>
    {
        using var stream = _entries[name].Open();
        return read(stream);
    });

    /// <summary>Reads all bytes of an entry, which must not exceed <paramref name="limit"/>.</summary>
    public byte[] ReadAll(string name, long limit)
    {
        var length = LengthOf(name);
        if (length > limit)
            throw Wrong($"has a part '{name}' of {length} bytes, more than the maximum of {limit}");
        var bytes = new byte[length];
        Read(name, stream => stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: true));
        return bytes;
    }

    public void Dispose() => _archive.Dispose();

    private void CheckDirectory()
    {
        Int128 packed = 0;
        foreach (var entry in _archive.Entries)
        {
            if (!_entries.TryAdd(entry.FullName, entry))
                throw Wrong($"has two parts named '{entry.FullName}'");
            if (entry.IsEncrypted)
                throw Wrong($"has an encrypted part '{entry.FullName}'", "store it without a password");
            packed += entry.CompressedLength;
            if (entry.Length < 0 || entry.CompressedLength < 0 || entry.Length > (Int128)entry.CompressedLength * BestRatio + BestRatio)
                throw Wrong($"has a part '{entry.FullName}' that claims to unpack from {entry.CompressedLength} to {entry.Length} bytes");
        }
        // Entries that share bytes would let a small file unpack to any size.
        if (packed > _source.Length)
            throw Wrong("has parts that overlap");
    }

    private T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        // A failing disk looks the same; the inner exception shows the difference.
        catch (Exception failure) when (failure is InvalidDataException or IOException)
        {
            throw new ModelFormatException(
                _source.Name, $"is a damaged zip file ({failure.Message})", "it may be a partial download: fetch it again", failure);
        }
    }

    private ModelFormatException Wrong(string problem, string? advice = null) => new(_source.Name, problem, advice);
}
