using System.Buffers.Binary;

namespace VizPipeline.Images.Scientific;

/// <summary>
/// Checks the first page of a TIFF file before it is decoded. Only the common kinds are accepted: the decoder must not meet CCITT or JPEG
/// data, for which faults are known, or values whose size has not been compared with the file.
/// </summary>
internal ref struct TiffHeader
{
    private const ushort ImageWidth = 256, ImageLength = 257, BitsPerSample = 258, Compression = 259, Photometric = 262, StripOffsets = 273,
        SamplesPerPixel = 277, RowsPerStrip = 278, StripByteCounts = 279, PlanarConfiguration = 284, Predictor = 317, ColorMap = 320,
        TileWidth = 322, SampleFormat = 339;

    private const uint Uncompressed = 1, Lzw = 5, Deflate = 8, OldDeflate = 32946, PackBits = 32773;
    private const uint UnsignedSamples = 1, FloatSamples = 3;
    private const int EntryBytes = 12;

    private readonly ReadOnlySpan<byte> _file;
    private readonly bool _isBigEndian;
    private readonly Dictionary<ushort, (int Type, int Count, int Offset)> _entries = [];

    private TiffHeader(ReadOnlySpan<byte> file)
    {
        _file = file;
        _isBigEndian = file[0] == (byte)'M';
        if (file[_isBigEndian ? 3 : 2] == '+')
            throw new RefusedHeaderException("it is a BigTIFF file, which is not read; save it as an ordinary TIFF");
        var directory = file.Length >= 8 ? UInt32(4) : 0;
        if (directory < 8 || directory + 2L > file.Length)
            throw new RefusedHeaderException(directory < 8 ? RefusedHeaderException.Damaged : RefusedHeaderException.CutShort);
        var count = UInt16((int)directory);
        NextDirectory = (int)directory + 2 + (count * EntryBytes);
        if (NextDirectory + 4L > file.Length)
            throw new RefusedHeaderException(RefusedHeaderException.CutShort);
        var total = 0L;
        for (var i = 0; i < count; i++)
            total += AddEntry((int)directory + 2 + (i * EntryBytes));
        // Entries that share bytes would let a small file fill the memory.
        if (total > file.Length)
            throw new RefusedHeaderException("the entries of its header overlap");
    }

    /// <summary>Position of the offset of the next page's directory, which is 0 after the last page.</summary>
    public int NextDirectory { get; }

    public readonly bool HasMorePages => UInt32(NextDirectory) != 0;

    public CheckedHeader Size { get; private set; }

    /// <exception cref="RefusedHeaderException">The header is invalid, the kind is not supported, or the file is truncated.</exception>
    public static TiffHeader Check(ReadOnlySpan<byte> file)
    {
        var header = new TiffHeader(file);
        header.CheckKind();
        return header;
    }

    private long AddEntry(int at)
    {
        var (tag, type, count) = (UInt16(at), UInt16(at + 2), UInt32(at + 4));
        var size = type switch { 1 or 2 or 6 or 7 => 1, 3 or 8 => 2, 4 or 9 or 11 or 13 => 4, 5 or 10 or 12 => 8, _ => 0 };
        var bytes = (long)size * count;
        if (size == 0 || bytes > _file.Length)
            throw new RefusedHeaderException(size == 0 ? RefusedHeaderException.Damaged : RefusedHeaderException.CutShort);
        var offset = bytes <= 4 ? (uint)(at + 8) : UInt32(at + 8);
        if (offset + bytes > _file.Length)
            throw new RefusedHeaderException(RefusedHeaderException.CutShort);
        if (!_entries.TryAdd(tag, (type, (int)count, (int)offset)))
            throw new RefusedHeaderException(RefusedHeaderException.Damaged);
        return bytes;
    }

    private void CheckKind()
    {
        if (_entries.ContainsKey(TileWidth))
            throw new RefusedHeaderException("it is a tiled TIFF, which is not read; save it in strips");
        var (width, height) = (Value(ImageWidth, 0), Value(ImageLength, 0));
        if (width is 0 or > int.MaxValue || height is 0 or > int.MaxValue)
            throw new RefusedHeaderException(RefusedHeaderException.Damaged);
        Size = new((int)width, (int)height);
        var (compression, samples, photometric) = (Value(Compression, Uncompressed), Value(SamplesPerPixel, 1),
            Value(Photometric, uint.MaxValue));
        if (compression is not (Uncompressed or Lzw or Deflate or OldDeflate or PackBits))
        {
            throw new RefusedHeaderException(
                $"it is a TIFF of compression {compression}; uncompressed, LZW, Deflate and PackBits are read");
        }
        if (samples is not (1 or 3 or 4))
            throw new RefusedHeaderException($"it is a TIFF of {samples} channels; 1, 3 and 4 are read");
        var isColour = photometric == 2;
        if (photometric > 3 || isColour != samples is 3 or 4)
        {
            throw new RefusedHeaderException(
                $"it is a TIFF of colour model {photometric} with {samples} channels; grey, RGB, RGBA and palettes are read");
        }
        var format = Value(SampleFormat, UnsignedSamples);
        var bits = Value(BitsPerSample, 1);
        var isFloat = format == FloatSamples && bits == 32;
        if (!isFloat && (format != UnsignedSamples || bits is not (1 or 4 or 8 or 16) || (isColour && bits < 8)))
        {
            throw new RefusedHeaderException(
                $"it is a TIFF of {bits}-bit "
                + $"{(format == FloatSamples ? "floats" : format == UnsignedSamples ? "integers" : "signed integers")}; "
                + "unsigned integers of 8 or 16 bits and floats of 32 bits are read");
        }
        CheckAll(BitsPerSample, bits, (int)samples);
        CheckAll(SampleFormat, format, (int)samples);
        if (photometric == 3 && (isFloat || !_entries.TryGetValue(ColorMap, out var map) || map.Count != 3 << (int)bits))
            throw new RefusedHeaderException(RefusedHeaderException.Damaged);
        if (isFloat && compression != Uncompressed)
            throw new RefusedHeaderException("it is a compressed TIFF of floats; floats are read uncompressed");
        if (isFloat && Value(Predictor, 1) != 1)
            throw new RefusedHeaderException(RefusedHeaderException.Damaged);
        CheckStrips(width, height, (int)samples, (int)bits, compression == Uncompressed, isFloat);
    }

    // One value per channel, all the same; some writers give only one for all.
    private readonly void CheckAll(ushort tag, uint value, int samples)
    {
        if (!_entries.TryGetValue(tag, out var entry))
            return;
        if (entry.Count != 1 && entry.Count != samples)
            throw new RefusedHeaderException(RefusedHeaderException.Damaged);
        for (var i = 0; i < entry.Count; i++)
        {
            if (Element(entry, i) != value)
                throw new RefusedHeaderException("it is a TIFF whose channels differ in type, which is not read");
        }
    }

    private readonly void CheckStrips(uint width, uint height, int samples, int bits, bool isUncompressed, bool isFloat)
    {
        if (!_entries.TryGetValue(StripOffsets, out var offsets)
            || !_entries.TryGetValue(StripByteCounts, out var counts) || offsets.Count != counts.Count)
            throw new RefusedHeaderException(RefusedHeaderException.Damaged);
        var rows = Math.Min(Value(RowsPerStrip, height), height);
        var planes = Value(PlanarConfiguration, 1) switch
        {
            1 => 1,
            2 => samples,
            _ => throw new RefusedHeaderException(RefusedHeaderException.Damaged),
        };
        if (rows == 0 || offsets.Count != planes * (((long)height + rows - 1) / rows))
            throw new RefusedHeaderException(RefusedHeaderException.Damaged);
        var rowBytes = (((long)width * (samples / planes) * bits) + 7) / 8;
        var total = 0L;
        for (var i = 0; i < offsets.Count; i++)
        {
            var (offset, bytes) = ((long)Element(offsets, i), (long)Element(counts, i));
            var strip = i % (offsets.Count / planes);
            var needed = rowBytes * Math.Min(rows, height - (strip * rows));
            if (offset + bytes > _file.Length || bytes == 0 || (isUncompressed && bytes < needed))
                throw new RefusedHeaderException(RefusedHeaderException.CutShort);
            total += bytes;
            if (isFloat)
                CheckFloats(_file.Slice((int)offset, (int)needed));
        }
        if (total > _file.Length)
            throw new RefusedHeaderException("its strips overlap");
    }

    private readonly void CheckFloats(ReadOnlySpan<byte> strip)
    {
        for (var i = 0; i + 4 <= strip.Length; i += 4)
        {
            var value = _isBigEndian
                ? BinaryPrimitives.ReadSingleBigEndian(strip[i..]) : BinaryPrimitives.ReadSingleLittleEndian(strip[i..]);
            if (value is not (>= 0 and <= 1))
            {
                throw new RefusedHeaderException(
                    FormattableString.Invariant($"it is a TIFF of floats with the value {value}; scale them to 0 to 1"));
            }
        }
    }

    private readonly uint Value(ushort tag, uint otherwise) =>
        _entries.TryGetValue(tag, out var entry) && entry.Count > 0 ? Element(entry, 0) : otherwise;

    private readonly uint Element((int Type, int Count, int Offset) entry, int index) => entry.Type switch
    {
        1 => _file[entry.Offset + index],
        3 => UInt16(entry.Offset + (2 * index)),
        4 => UInt32(entry.Offset + (4 * index)),
        _ => throw new RefusedHeaderException(RefusedHeaderException.Damaged),
    };

    private readonly ushort UInt16(int at) =>
        _isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(_file[at..]) : BinaryPrimitives.ReadUInt16LittleEndian(_file[at..]);

    private readonly uint UInt32(int at) =>
        _isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(_file[at..]) : BinaryPrimitives.ReadUInt32LittleEndian(_file[at..]);
}
