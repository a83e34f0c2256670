namespace VizPipeline.Network.Formats.Numpy;

/// <summary>A .npz file: a zip of .npy arrays. Each array is unpacked on request.</summary>
public sealed class NpzFile
{
    private const string Suffix = ".npy";

    private readonly ByteSource _source;
    private readonly HashSet<string> _entries;

    private NpzFile(ByteSource source)
    {
        this._source = source;
        using var zip = ZipFileReader.Open(source);
        _entries = new HashSet<string>(zip.Names, StringComparer.Ordinal);
        Names = [.. zip.Names.Where(name => name.EndsWith(Suffix, StringComparison.Ordinal)).Select(name => name[..^Suffix.Length])];
    }

    /// <summary>The names of the arrays, in file order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Reads the zip's directory.</summary>
    /// <exception cref="ModelFormatException">The file cannot be read or is not a zip.</exception>
    public static NpzFile Read(string path) => new(ByteSource.FromFile(path));

    /// <summary>Unpacks one array.</summary>
    /// <exception cref="ModelFormatException">There is no such array, or it is damaged.</exception>
    public NpyArray Array(string name)
    {
        if (!_entries.Contains(name + Suffix))
        {
            throw new ModelFormatException(
                _source.Name, $"has no array '{name}'", $"it has {string.Join(", ", Names.Take(10))}{(Names.Count > 10 ? ", ..." : "")}");
        }
        using var zip = ZipFileReader.Open(_source);
        return zip.Read(name + Suffix, stream => NpyArray.Read(stream, zip.LengthOf(name + Suffix), $"{_source.Name}: {name}"));
    }
}
