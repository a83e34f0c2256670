using System.Security.Cryptography;
using VizPipeline.Cli.CommandLine;

namespace VizPipeline.Cli.Packing;

/// <summary>A file to pack, from the disk or from memory.</summary>
/// <param name="name">Its path in the atlas's folder.</param>
/// <param name="file">The file; null if <paramref name="content"/> is given.</param>
/// <param name="content">The content; null for a file.</param>
internal sealed class PackSource(string name, string? file, byte[]? content = null)
{
    /// <summary>Its path in the atlas's folder.</summary>
    public string Name => name;

    /// <summary>The file; null if the content is in memory.</summary>
    public string? File => file;

    /// <summary>Its size in bytes.</summary>
    public long Bytes { get; } = content?.Length ?? new FileInfo(file!).Length;

    /// <summary>Opens the content for reading; bytes are counted, and cancellation stops a read.</summary>
    public Measured Open(ByteProgress? progress, CancellationToken cancellation) =>
        new(content is null ? System.IO.File.OpenRead(file!) : new MemoryStream(content, writable: false), progress, cancellation);

    /// <summary>Hashes the content.</summary>
    public PackEntry Describe(ByteProgress? progress, CancellationToken cancellation)
    {
        using var stream = Open(progress, cancellation);
        stream.CopyTo(Stream.Null, 1 << 16);
        return stream.Entry();
    }

    /// <summary>Hashes what is read.</summary>
    internal sealed class Measured(Stream inner, ByteProgress? progress, CancellationToken cancellation) : Stream
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => throw new NotSupportedException();
        }

        /// <summary>Returns hash and size of what has been read.</summary>
        public PackEntry Entry() => new(Convert.ToHexStringLower(_hash.GetCurrentHash()), inner.Position);

        public override int Read(Span<byte> buffer)
        {
            cancellation.ThrowIfCancellationRequested();
            var read = inner.Read(buffer);
            _hash.AppendData(buffer[..read]);
            progress?.Add(read);
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
                _hash.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}
