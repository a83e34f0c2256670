using System.Buffers;
using System.IO.Hashing;

namespace VizPipeline.Images;

/// <summary>Content hashes: XxHash128 in lower-case hex. They identify contents and detect accidental changes, not forgery.</summary>
internal static class Hashing
{
    public static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(XxHash128.Hash(bytes));

    public static string Hex(ImageFile file)
    {
        var hash = new XxHash128();
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            long position = 0;
            while (file.Read(buffer, position) is var count and > 0)
            {
                hash.Append(buffer.AsSpan(0, count));
                position += count;
            }
            // The file became shorter in the meantime, or its network share was lost.
            return position == file.Length ? Convert.ToHexStringLower(hash.GetCurrentHash()) : throw new EndOfStreamException();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
