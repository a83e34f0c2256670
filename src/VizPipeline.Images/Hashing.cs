using System.IO.Hashing;

namespace VizPipeline.Images;

/// <summary>Content hashes: XxHash128 in lower-case hex. They name contents and find accidents; they do not resist forgery.</summary>
internal static class Hashing
{
    public static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(XxHash128.Hash(bytes));

    public static string Hex(Stream stream)
    {
        var hash = new XxHash128();
        hash.Append(stream);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
