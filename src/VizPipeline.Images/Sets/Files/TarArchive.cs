using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>
/// A tar archive (V7, ustar, pax and GNU's long names), with the labels of WebDataset's samples. Its headers are read once, when it is
/// opened.
/// </summary>
/// <remarks>Does not use .NET's TarReader, which allocates a buffer of any size that an extended header claims, up to 2 GB.</remarks>
internal sealed class TarArchive : IImageArchive
{
    private const int Block = TarHeader.Block;

    // Names and attributes; real ones have a few hundred bytes.
    private const long LargestExtension = 1 << 20;

    private readonly ArchiveBytes _bytes;
    private readonly ArchiveMembers<(long Offset, long Length)> _members = new();
    private string? _longName;
    private long? _longSize;
    private bool _isExpected;

    /// <summary>Takes ownership of the handle and reads the archive's headers.</summary>
    /// <exception cref="IOException">The file is not a tar archive, or is truncated.</exception>
    public TarArchive(SafeFileHandle handle)
    {
        _bytes = new(handle, "tar archive");
        Span<byte> header = stackalloc byte[Block];
        for (long position = 0; position < _bytes.Length; position += Block)
        {
            _bytes.Read(header[..(int)Math.Min(Block, _bytes.Length - position)], position);
            // The end is marked by zeros, which archives truncated after their last member lack.
            if (!header.ContainsAnyExcept((byte)0))
                break;
            if (_bytes.Length - position < Block || !TarHeader.IsValid(header))
                throw _bytes.NotWhole();
            position += Padded(Take(header, position + Block));
        }
        // Attributes of a member that is missing.
        if (_isExpected)
            throw _bytes.NotWhole();
    }

    public IEnumerable<string> Pictures => _members.Pictures;

    public ImageFile Open(string member) => Open(_members[member]);

    public IReadOnlyDictionary<string, string> Labels() => _members.Labels(Open);

    public void Dispose() => _bytes.Dispose();

    private ImageFile Open((long Offset, long Length) place) => _bytes.Part(place.Offset, place.Length);

    /// <summary>Reads a header and returns the number of bytes that follow it.</summary>
    private long Take(ReadOnlySpan<byte> header, long data)
    {
        var type = TarHeader.ReadKind(header);
        // Links, devices and folders have no data, whatever their size field contains.
        if (type is >= (byte)'1' and <= (byte)'6')
        {
            (_longName, _longSize, _isExpected) = (null, null, false);
            return 0;
        }
        var isExtension = type is (byte)'x' or (byte)'g' or (byte)'L' or (byte)'K';
        var size = isExtension ? Size(header) : _longSize ?? Size(header);
        if (size > _bytes.Length - data || (isExtension && size > LargestExtension))
            throw _bytes.NotWhole();
        _isExpected = isExtension && type != 'g';
        if (type == 'x')
            TakeAttributes(_bytes.Read(data, size));
        else if (type == 'L')
            _longName = TarHeader.ReadText(_bytes.Read(data, size));
        else if (!isExtension)
        {
            if (type is 0 or (byte)'0' or (byte)'7')
                Add(_longName ?? TarHeader.ReadName(header), data, size);
            (_longName, _longSize) = (null, null);
        }
        return size;
    }

    private void Add(string name, long offset, long length)
    {
        var clean = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;
        // As when tar unpacks: a later member of the same name replaces the earlier one.
        if (ImageFiles.IsSafe(clean))
            _members.Add(clean, (offset, length), length);
    }

    /// <summary>Reads pax attributes: <c>LENGTH key=value\n</c>, where the length is that of the whole record.</summary>
    private void TakeAttributes(ReadOnlySpan<byte> records)
    {
        while (records.Length > 0)
        {
            var space = records.IndexOf((byte)' ');
            if (space < 1
                || !int.TryParse(records[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || length <= space + 1 || length > records.Length)
                throw _bytes.NotWhole();
            var record = records[(space + 1)..(length - 1)];
            if (record.StartsWith("path="u8))
                _longName = TarHeader.ReadText(record[5..]);
            else if (record.StartsWith("size="u8))
                _longSize = long.TryParse(record[5..], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                    ? size : throw _bytes.NotWhole();
            records = records[length..];
        }
    }

    private long Size(ReadOnlySpan<byte> header) => TarHeader.ReadSize(header) is >= 0 and var size ? size : throw _bytes.NotWhole();

    private static long Padded(long size) => (size + Block - 1) / Block * Block;
}
