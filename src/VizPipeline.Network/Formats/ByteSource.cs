namespace VizPipeline.Network.Formats;

/// <summary>
/// The bytes of a file on disk or in memory. Every read is checked against the length before anything is allocated for it.
/// </summary>
internal abstract class ByteSource(string name, long length)
{
    /// <summary>The file's name in messages.</summary>
    public string Name { get; } = name;

    /// <summary>Length of the file in bytes.</summary>
    public long Length { get; } = length;

    /// <summary>Creates a source for a file on disk. It is opened for each read, so nothing has to be closed.</summary>
    /// <exception cref="ModelFormatException">The file does not exist or cannot be read.</exception>
    public static ByteSource FromFile(string path) => new FileBytes(path);

    /// <summary>Creates a source for a file that is already in memory.</summary>
    public static ByteSource FromMemory(ReadOnlyMemory<byte> bytes, string name) => new MemoryBytes(bytes, name);

    /// <summary>Opens a new seekable stream over all bytes.</summary>
    public abstract Stream Open();

    /// <summary>Fills <paramref name="target"/> with the bytes from <paramref name="offset"/> on.</summary>
    public void Read(long offset, Span<byte> target)
    {
        if (offset < 0 || offset > Length - target.Length)
            throw EndsTooSoon();
        Copy(offset, target);
    }

    /// <summary>Returns the first bytes of the file; fewer than <paramref name="count"/> if the file is shorter.</summary>
    public byte[] Start(int count)
    {
        var start = new byte[Math.Min(count, Length)];
        Read(0, start);
        return start;
    }

    protected abstract void Copy(long offset, Span<byte> target);

    protected ModelFormatException EndsTooSoon() => new(Name, "ends too soon", "it may be a partial download: fetch it again");

    private sealed class MemoryBytes(ReadOnlyMemory<byte> bytes, string name) : ByteSource(name, bytes.Length)
    {
        public override Stream Open()
            => System.Runtime.InteropServices.MemoryMarshal.TryGetArray(bytes, out var array)
                ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
                : new MemoryStream(bytes.ToArray(), writable: false);

        protected override void Copy(long offset, Span<byte> target) => bytes.Span.Slice((int)offset, target.Length).CopyTo(target);
    }

    private sealed class FileBytes(string path) : ByteSource(path, LengthOf(path))
    {
        public override Stream Open() => OpenFile(Name);

        protected override void Copy(long offset, Span<byte> target)
        {
            using var file = OpenFile(Name);
            while (target.Length > 0)
            {
                var read = RandomAccess.Read(file.SafeFileHandle, target, offset);
                if (read == 0)
                    throw EndsTooSoon();
                offset += read;
                target = target[read..];
            }
        }

        private static long LengthOf(string path)
        {
            using var file = OpenFile(path);
            return file.Length;
        }

        private static FileStream OpenFile(string path)
        {
            try
            {
                return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            }
            catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
            {
                throw new ModelFormatException(path, "does not exist", "check the path", failure);
            }
            catch (UnauthorizedAccessException failure)
            {
                var problem = Directory.Exists(path) ? "is a folder, not a file" : "cannot be read by this user";
                throw new ModelFormatException(path, problem, inner: failure);
            }
        }
    }
}
