using VizPipeline.Cli.CommandLine;
using VizPipeline.Images;

namespace VizPipeline.Cli.Packing;

/// <summary>Reads the entries of a tar file in their order: plain files only, with ustar's or GNU's names.</summary>
/// <remarks>
/// Stricter than readers for any archive: whatever <c>viz pack</c> does not write is refused. .NET's TarReader allocates what an extended
/// header claims (docs/decisions/010).
/// </remarks>
/// <param name="stream">The file.</param>
internal sealed class PackReader(Stream stream)
{
    private const int Block = TarHeader.Block;
    private const int LongestName = 1024;
    private const int LongestPrinted = 120;

    private long _padding;

    /// <summary>Replaces control characters of a hostile text and shortens it, for messages.</summary>
    public static string Printable(string text) =>
        string.Concat((text.Length > LongestPrinted ? text[..LongestPrinted] + "..." : text).Select(c => char.IsControl(c) ? '?' : c));

    /// <summary>Reads the header of the next entry, whose content must be read before the next call.</summary>
    /// <returns>Name and size; null at the end of the archive.</returns>
    /// <exception cref="UsageException">It is not a header, or of something other than a plain file.</exception>
    public (string Name, long Bytes)? Next()
    {
        Span<byte> header = stackalloc byte[Block];
        string? longName = null;
        while (true)
        {
            Skip();
            ReadExactly(header, "a header");
            if (!header.ContainsAnyExcept((byte)0))
                return longName is null ? null : throw NotATar();
            if (!TarHeader.IsValid(header))
                throw NotATar();
            var (type, bytes) = (TarHeader.ReadKind(header), TarHeader.ReadSize(header));
            if (bytes < 0)
                throw NotATar();
            _padding = (Block - (bytes % Block)) % Block;
            if (type is (byte)'0' or 0)
                return (longName ?? TarHeader.ReadName(header), bytes);
            if (type != 'L' || longName is not null)
                throw new UsageException(
                    $"its entry '{Printable(longName ?? TarHeader.ReadName(header))}' is {Kind(type)}, not a plain file");
            if (bytes > LongestName + 1)
                throw new UsageException("it has an entry whose name is too long");
            var name = new byte[bytes];
            ReadExactly(name, "a name");
            longName = TarHeader.ReadText(name);
        }
    }

    /// <summary>Reads the content of the entry in parts.</summary>
    /// <param name="name">The entry's name, for messages.</param>
    /// <param name="bytes">The entry's size.</param>
    /// <param name="take">Receives the parts.</param>
    /// <exception cref="UsageException">The file ends too early.</exception>
    public void Read(string name, long bytes, Action<ReadOnlyMemory<byte>> take)
    {
        var buffer = new byte[1 << 16];
        while (bytes > 0)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(bytes, buffer.Length));
            ReadExactly(part.Span, $"'{Printable(name)}'");
            take(part);
            bytes -= part.Length;
        }
    }

    private void Skip()
    {
        Span<byte> rest = stackalloc byte[(int)_padding];
        ReadExactly(rest, "an entry");
        _padding = 0;
    }

    private void ReadExactly(Span<byte> target, string what)
    {
        if (stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) < target.Length)
            throw new UsageException($"it ends in the middle of {what}: it is truncated");
    }

    private static UsageException NotATar() => new("it is not a packed atlas, or damaged: a header of the tar format is wrong");

    private static string Kind(byte type) => type switch
    {
        (byte)'1' => "a hard link",
        (byte)'2' => "a symbolic link",
        (byte)'3' or (byte)'4' => "a device",
        (byte)'5' => "a folder",
        (byte)'6' => "a pipe",
        _ => "of an unknown kind",
    };
}
