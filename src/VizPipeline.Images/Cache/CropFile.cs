using System.Buffers.Binary;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>
/// One cache file: a header, then one slot per image with state, checksum and payload (a crop, or the reason why there is none). A slot's
/// payload is written before its state, and its checksum is verified on every read, so a torn write reads as a missing crop and never as a
/// wrong one.
/// </summary>
/// <remarks>
/// The file is read with pread and not through a memory map: with a map, a lost disk or a truncated file kills the process (SIGBUS); here
/// it raises an <see cref="IOException"/>. Copying 150 kB costs the same either way.
/// </remarks>
internal sealed class CropFile : IDisposable
{
    private const int HeaderBytes = 64;
    private const int RecordBytes = 16;
    private const int ReasonBytes = 256;
    private const byte Crop = 1;
    private const byte Reason = 2;

    // The last digit is the version. Increase it when a slot's layout changes or any pixel of a crop would differ.
    private static ReadOnlySpan<byte> Magic => "VIZCROP2"u8;

    private readonly SafeFileHandle _handle;
    private readonly int _cropBytes;

    /// <summary>Takes ownership of an open file whose header is valid.</summary>
    internal CropFile(SafeFileHandle handle, int slots, int cropBytes) => (_handle, Slots, _cropBytes) = (handle, slots, cropBytes);

    /// <summary>Number of images, from index 0, that have a slot; later ones exceed the budget.</summary>
    public int Slots { get; }

    public static long SlotBytes(int cropBytes) => RecordBytes + Math.Max(cropBytes, ReasonBytes);

    public static long FileBytes(int slots, int cropBytes) => HeaderBytes + slots * SlotBytes(cropBytes);

    /// <summary>Returns the slots of a usable file; null if there is none, or it is damaged or of another version.</summary>
    public static int? FindSlots(string path, int cropBytes)
    {
        if (!File.Exists(path))
            return null;
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (RandomAccess.Read(handle, header, 0) != HeaderBytes)
            return null;
        var slots = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        return slots > 0 && header.SequenceEqual(Header(slots, cropBytes)) ? slots : null;
    }

    /// <summary>
    /// Opens the file, or creates it (sparse: an empty slot takes no disk space). Two processes that create it write the same bytes.
    /// </summary>
    public static CropFile Open(string path, int slots, int cropBytes)
    {
        var isNew = FindSlots(path, cropBytes) is null;
        var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            if (isNew)
            {
                RandomAccess.SetLength(handle, 0);
                RandomAccess.SetLength(handle, FileBytes(slots, cropBytes));
            }
            // Also written to an existing file: it updates the file's time, which determines the least recently used file.
            RandomAccess.Write(handle, Header(slots, cropBytes), 0);
            return new(handle, slots, cropBytes);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Reads a slot. Returns false if it is empty or torn; else either fills the crop or returns the reason why there is none.
    /// </summary>
    public bool TryRead(int index, Span<byte> crop, out string? reason)
    {
        reason = null;
        var offset = Offset(index);
        Span<byte> record = stackalloc byte[RecordBytes];
        if (RandomAccess.Read(_handle, record, offset) != RecordBytes)
            return false;
        if (record[0] == Crop)
            return Matches(record, index, crop[..ReadAll(crop, offset + RecordBytes)], _cropBytes);
        if (record[0] != Reason)
            return false;
        Span<byte> text = stackalloc byte[ReasonBytes];
        if (!Matches(record, index, text[..ReadAll(text, offset + RecordBytes)], ReasonBytes))
            return false;
        reason = System.Text.Encoding.UTF8.GetString(text[..text.IndexOf((byte)0)]);
        return true;
    }

    public void WriteCrop(int index, ReadOnlySpan<byte> crop) => Write(index, Crop, crop);

    public void WriteReason(int index, string reason)
    {
        Span<byte> text = stackalloc byte[ReasonBytes];
        text.Clear();
        System.Text.Encoding.UTF8.TryGetBytes(reason.Length <= ReasonBytes / 4 ? reason : reason[..(ReasonBytes / 4)], text[..^1], out _);
        Write(index, Reason, text);
    }

    public void Dispose() => _handle.Dispose();

    private void Write(int index, byte state, ReadOnlySpan<byte> payload)
    {
        Span<byte> record = stackalloc byte[RecordBytes];
        record.Clear();
        record[0] = state;
        BinaryPrimitives.WriteUInt64LittleEndian(record[8..], Checksum(index, payload));
        RandomAccess.Write(_handle, payload, Offset(index) + RecordBytes);
        RandomAccess.Write(_handle, record, Offset(index));
    }

    private int ReadAll(Span<byte> target, long offset)
    {
        var read = 0;
        while (read < target.Length && RandomAccess.Read(_handle, target[read..], offset + read) is var count and > 0)
            read += count;
        return read;
    }

    private static bool Matches(ReadOnlySpan<byte> record, int index, ReadOnlySpan<byte> payload, int length) =>
        payload.Length == length && BinaryPrimitives.ReadUInt64LittleEndian(record[8..]) == Checksum(index, payload);

    private long Offset(int index) => HeaderBytes + index * SlotBytes(_cropBytes);

    // The index is part of the checksum, so a slot copied to another place is invalid there.
    private static ulong Checksum(int index, ReadOnlySpan<byte> payload) => XxHash3.HashToUInt64(payload, index);

    private static byte[] Header(int slots, int cropBytes)
    {
        var header = new byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), slots);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), cropBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(16), XxHash3.HashToUInt64(header.AsSpan(0, 16)));
        return header;
    }
}
