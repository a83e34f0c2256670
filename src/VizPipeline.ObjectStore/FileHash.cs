using System.Security.Cryptography;

namespace VizPipeline.ObjectStore;

/// <summary>Identifies files by their content.</summary>
public static class FileHash
{
    /// <summary>Computes the SHA-256 of a file, in lower-case hexadecimal digits. The file need not fit into memory.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static async Task<string> Sha256Async(string file, CancellationToken cancellation = default)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
    }
}
