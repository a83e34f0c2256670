using System.IO.Compression;
using Snappier;

namespace VizPipeline.Images;

/// <summary>A page's header, which describes its bytes.</summary>
internal sealed record ParquetPage
{
    public const int Data = 0, Dictionary = 2, DataV2 = 3;

    // Deflate's best ratio. Better compressors can repeat one value endlessly, which needs a page of at most this size.
    private const long BestRatio = 1032;
    private const int SmallPage = 1 << 20;

    /// <summary><see cref="Data"/>, <see cref="Dictionary"/>, <see cref="DataV2"/>, or an index that is not read.</summary>
    public int Kind { get; private init; }

    /// <summary>Number of bytes after the header.</summary>
    public int Packed { get; private init; }

    /// <summary>Number of bytes when unpacked.</summary>
    public int Unpacked { get; private init; }

    /// <summary>Number of values, including nulls.</summary>
    public int Values { get; private init; }

    /// <summary>Encoding of the values: plain (0), dictionary (2, 8), deltas (5, 6).</summary>
    public int Encoding { get; private init; }

    // In version 2, the levels come first and are not compressed.
    private int LevelBytes { get; init; }

    private int RepetitionBytes { get; init; }

    private bool IsPacked { get; init; } = true;

    /// <summary>Reads a header and returns its length.</summary>
    /// <exception cref="InvalidDataException">The header is inconsistent.</exception>
    public static ParquetPage Read(ReadOnlySpan<byte> bytes, out int length)
    {
        var reader = new ThriftReader(bytes);
        var page = new ParquetPage();
        var id = 0;
        while (reader.Next(ref id, out var type))
        {
            switch (id)
            {
                case 1:
                    page = page with { Kind = reader.Int(type) };
                    break;
                case 2:
                    page = page with { Unpacked = reader.Int(type) };
                    break;
                case 3:
                    page = page with { Packed = reader.Int(type) };
                    break;
                case 5 or 7 when type == ThriftType.Struct:
                    page = ReadValues(ref reader, page, encodingField: 2);
                    break;
                case 8 when type == ThriftType.Struct:
                    page = ReadValues(ref reader, page, encodingField: 4);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
        length = reader.Position;
        if (page.Packed < 0 || page.Unpacked < 0 || page.Values < 0 || page.LevelBytes < 0 || page.RepetitionBytes < 0)
            throw new InvalidDataException();
        return page;
    }

    /// <summary>Unpacks the page's values and its definition levels; a value is present at level <paramref name="optional"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes contradict the header, or claim more than they can unpack to.</exception>
    public (ReadOnlyMemory<byte> Levels, ReadOnlyMemory<byte> Values) Unpack(ReadOnlyMemory<byte> bytes, int codec, int optional)
    {
        if (Kind == DataV2)
        {
            var levels = (long)RepetitionBytes + LevelBytes;
            if (levels > bytes.Length || levels > Unpacked)
                throw new InvalidDataException();
            var values = bytes[(int)levels..];
            return (bytes.Slice(RepetitionBytes, LevelBytes), IsPacked ? Decompress(values, Unpacked - (int)levels, codec) : values);
        }
        ReadOnlyMemory<byte> unpacked = Decompress(bytes, Unpacked, codec);
        if (Kind == Dictionary || optional == 0)
            return (default, unpacked);
        if (unpacked.Length < 4 || LittleEndian.U32(unpacked.Span, 0) is var length && length > unpacked.Length - 4)
            throw new InvalidDataException();
        return (unpacked.Slice(4, (int)length), unpacked[(4 + (int)length)..]);
    }

    private static ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> bytes, int unpacked, int codec)
    {
        if (codec == 0)
            return bytes.Length == unpacked ? bytes : throw new InvalidDataException();
        // Snappy copies at most 64 bytes with three.
        if (unpacked > (codec == 1 ? ((long)bytes.Length * 22) + 64 : Math.Max(bytes.Length * BestRatio, SmallPage)))
            throw new InvalidDataException();
        var target = new byte[unpacked];
        try
        {
            return Decompress(bytes, target, codec) == unpacked ? target : throw new InvalidDataException();
        }
        // Each library reports damage differently: Brotli and Snappy call the operation invalid.
        catch (Exception error) when (error is InvalidOperationException or ZstdSharp.ZstdException)
        {
            throw new InvalidDataException(error.Message, error);
        }
    }

    private static int Decompress(ReadOnlyMemory<byte> bytes, Span<byte> target, int codec)
    {
        int written;
        switch (codec)
        {
            case 1:
                return Snappy.TryDecompress(bytes.Span, target, out written) ? written : throw new InvalidDataException();
            case 2:
                return Stream(new GZipStream(Open(bytes), CompressionMode.Decompress), target);
            case 4:
                return Stream(new BrotliStream(Open(bytes), CompressionMode.Decompress), target);
            case 6:
                using (var unpacker = new ZstdSharp.Decompressor())
                    return unpacker.TryUnwrap(bytes.Span, target, out written) ? written : throw new InvalidDataException();
            default:
                throw new IOException($"its columns are packed by codec {codec}; snappy, gzip, brotli and zstd are read");
        }
    }

    private static int Stream(Stream stream, Span<byte> target)
    {
        using (stream)
            return stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
    }

    private static MemoryStream Open(ReadOnlyMemory<byte> bytes) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(bytes, out var part)
            ? new MemoryStream(part.Array!, part.Offset, part.Count, writable: false) : throw new InvalidDataException();

    private static ParquetPage ReadValues(ref ThriftReader reader, ParquetPage page, int encodingField)
    {
        var id = 0;
        while (reader.Next(ref id, out var type))
        {
            if (id == 1)
                page = page with { Values = reader.Int(type) };
            else if (id == encodingField)
                page = page with { Encoding = reader.Int(type) };
            else if (encodingField == 4 && id == 5)
                page = page with { LevelBytes = reader.Int(type) };
            else if (encodingField == 4 && id == 6)
                page = page with { RepetitionBytes = reader.Int(type) };
            else if (encodingField == 4 && id == 7)
                page = page with { IsPacked = ThriftReader.Bool(type) };
            else
                reader.Skip(type);
        }
        return page;
    }
}
