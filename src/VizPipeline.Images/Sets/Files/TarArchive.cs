using System.Formats.Tar;
using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>A tar archive opened for reading its pictures at random. Nothing is ever unpacked under a name of its own.</summary>
internal sealed class TarArchive : IDisposable
{
    public const string Extension = ".tar";

    private readonly SafeFileHandle _handle;
    private readonly Dictionary<string, (long Offset, long Length)> _members = [];

    /// <summary>Takes over the handle and reads the archive's headers.</summary>
    /// <exception cref="IOException">It is no tar archive, or ends too soon.</exception>
    public TarArchive(SafeFileHandle handle)
    {
        _handle = handle;
        try
        {
            var length = RandomAccess.GetLength(handle);
            // The stream shares the handle and must not close it.
            var stream = new FileStream(new SafeFileHandle(handle.DangerousGetHandle(), ownsHandle: false), FileAccess.Read, bufferSize: 4096);
            using var reader = new TarReader(stream, leaveOpen: true);
            var entries = 0;
            for (; reader.GetNextEntry(copyData: false) is { } entry; entries++)
                Add(entry, length);
            // A block that is no header passes for the end, which in an archive is zeros.
            Span<byte> first = stackalloc byte[1];
            if (entries == 0 && RandomAccess.Read(handle, first, 0) == 1 && first[0] != 0)
                throw new InvalidDataException();
        }
        catch (Exception error) when (error is InvalidDataException or FormatException or EndOfStreamException or ArgumentException or OverflowException or NotSupportedException)
        {
            handle.Dispose();
            throw new IOException("it is no whole tar archive", error);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Paths of the pictures in it.</summary>
    public IEnumerable<string> Pictures => _members.Keys;

    /// <exception cref="FileNotFoundException">There is no such member.</exception>
    public ImageFile Open(string member) => _members.TryGetValue(member, out var place)
        ? new ImageFile(_handle, place.Offset, place.Length)
        : throw new FileNotFoundException("the archive has no such member");

    public void Dispose() => _handle.Dispose();

    private void Add(TarEntry entry, long archiveLength)
    {
        if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile))
            return;
        var name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
        if (!ImageFiles.IsSafe(name) || !FileListing.IsPicture(name))
            return;
        if (entry.DataOffset < 0 || entry.Length > archiveLength - entry.DataOffset)
            throw new EndOfStreamException();
        // As tar does it when it unpacks: a later member of the same name takes the place of the former.
        _members[name] = (entry.DataOffset, entry.Length);
    }
}
