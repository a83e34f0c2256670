using System.Buffers;
using System.IO.Compression;
using System.Text;
using Microsoft.Win32.SafeHandles;
using static VizPipeline.Images.LittleEndian;

namespace VizPipeline.Images;

/// <summary>A zip archive, including large ones (zip64). Its directory is read once; stored members are read in place.</summary>
/// <remarks>Does not use .NET's reader, which supports only one thread at a time.</remarks>
internal sealed class ZipArchive : IImageArchive
{
    // Deflate compresses at most 1032 to 1, so a larger claim is false and no memory is allocated for it.
    private const long BestRatio = 1032;
    private const int EndBytes = 22, LongestComment = ushort.MaxValue, EntryBytes = 46, LocalBytes = 30;

    private readonly ArchiveBytes _bytes;
    private readonly ArchiveMembers<Place> _members = new();

    /// <summary>Takes ownership of the handle and reads the archive's directory.</summary>
    /// <exception cref="IOException">The file is not a zip archive, or is inconsistent.</exception>
    public ZipArchive(SafeFileHandle handle)
    {
        _bytes = new(handle, "zip archive");
        var (offset, size, entries, isExact) = Directory();
        ReadOnlySpan<byte> directory = _bytes.Read(offset, size);
        long packed = 0, found = 0;
        while (directory.Length >= EntryBytes && U32(directory, 0) == 0x02014b50)
        {
            var (nameLength, extraLength, commentLength) = (U16(directory, 28), U16(directory, 30), U16(directory, 32));
            var length = EntryBytes + nameLength + extraLength + commentLength;
            if (length > directory.Length)
                throw _bytes.NotWhole();
            var place = PlaceOf(directory, directory.Slice(EntryBytes + nameLength, extraLength));
            // Entries that share bytes would let a small file unpack to any size.
            if (place.Packed > _bytes.Length - packed)
                throw _bytes.NotWhole();
            packed += place.Packed;
            found++;
            var name = Encoding.UTF8.GetString(directory.Slice(EntryBytes, nameLength)).Replace('\\', '/');
            if (ImageFiles.IsSafe(name) && (U16(directory, 8) & 1) == 0)
                _members.Add(name, place, place.Unpacked);
            directory = directory[length..];
        }
        // Without this check, a damaged entry would end the listing and the following ones would be missing silently.
        if (found != entries && (isExact || (ushort)found != entries))
            throw _bytes.NotWhole();
    }

    public IEnumerable<string> Pictures => _members.Pictures;

    public ImageFile Open(string member) => Open(_members[member]);

    public IReadOnlyDictionary<string, string> Labels() => _members.Labels(Open);

    public void Dispose() => _bytes.Dispose();

    /// <summary>
    /// Finds the directory and its number of entries in the end record, which may be followed by a comment. Its count has 16 bits; writers
    /// without zip64 drop the rest.
    /// </summary>
    private (long Offset, long Size, long Entries, bool IsExact) Directory()
    {
        if (_bytes.Length < EndBytes)
            throw _bytes.NotWhole();
        var tail = _bytes.Read(Math.Max(0, _bytes.Length - EndBytes - LongestComment), Math.Min(_bytes.Length, EndBytes + LongestComment))
            .AsSpan();
        var at = tail.LastIndexOf("PK\x05\x06"u8);
        if (at < 0 || at > tail.Length - EndBytes)
            throw _bytes.NotWhole();
        var (entries, size, offset) = (U16(tail, at + 10), (long)U32(tail, at + 12), (long)U32(tail, at + 16));
        var hasLarge = at >= 20 && U32(tail, at - 20) == 0x07064b50;
        var fits = size != uint.MaxValue && offset != uint.MaxValue;
        if (fits && (entries != ushort.MaxValue || !hasLarge))
            return (offset, size, entries, false);
        if (!hasLarge)
            throw _bytes.NotWhole();
        var end = _bytes.Read(I64(tail, at - 20 + 8), 56);
        return U32(end, 0) == 0x06064b50 ? (I64(end, 48), I64(end, 40), I64(end, 32), true) : throw _bytes.NotWhole();
    }

    private Place PlaceOf(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> extra)
    {
        long packed = U32(entry, 20), unpacked = U32(entry, 24), offset = U32(entry, 42);
        while (extra.Length >= 4)
        {
            var (id, length) = (U16(extra, 0), U16(extra, 2));
            if (length > extra.Length - 4)
                break;
            // Zip64: those of the three numbers that did not fit, in this order.
            if (id == 1)
                ReadLarge(extra.Slice(4, length), ref unpacked, ref packed, ref offset);
            extra = extra[(4 + length)..];
        }
        if (packed < 0 || unpacked < 0 || unpacked > Int128.Min(((Int128)packed * BestRatio) + BestRatio, Array.MaxLength))
            throw _bytes.NotWhole();
        return new(offset, packed, unpacked, U16(entry, 10));
    }

    private static void ReadLarge(ReadOnlySpan<byte> values, ref long unpacked, ref long packed, ref long offset)
    {
        Take(ref values, ref unpacked);
        Take(ref values, ref packed);
        Take(ref values, ref offset);

        static void Take(ref ReadOnlySpan<byte> values, ref long value)
        {
            if (value != uint.MaxValue || values.Length < 8)
                return;
            value = I64(values, 0);
            values = values[8..];
        }
    }

    private ImageFile Open(Place place)
    {
        Span<byte> local = stackalloc byte[LocalBytes];
        _bytes.Read(local, place.Header);
        if (U32(local, 0) != 0x04034b50)
            throw _bytes.NotWhole();
        var data = place.Header + LocalBytes + U16(local, 26) + U16(local, 28);
        return place.Method switch
        {
            0 when place.Packed == place.Unpacked => _bytes.Part(data, place.Packed),
            8 => Inflate(data, place),
            0 => throw _bytes.NotWhole(),
            _ => throw new IOException($"it is packed by method {place.Method}; only stored and deflated members are read"),
        };
    }

    private ImageFile Inflate(long data, Place place)
    {
        if (place.Packed > Array.MaxLength)
            throw _bytes.NotWhole();
        var packed = ArrayPool<byte>.Shared.Rent((int)Math.Min(place.Packed, _bytes.Length));
        try
        {
            _bytes.Read(packed.AsSpan(0, (int)place.Packed), data);
            var unpacked = new byte[place.Unpacked];
            using var inflater = new DeflateStream(new MemoryStream(packed, 0, (int)place.Packed), CompressionMode.Decompress);
            inflater.ReadExactly(unpacked);
            return new ImageFile(unpacked);
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or ArgumentOutOfRangeException)
        {
            throw _bytes.NotWhole(error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packed);
        }
    }

    private readonly record struct Place(long Header, long Packed, long Unpacked, int Method);
}
