using System.Security.Cryptography;

namespace VizPipeline.Cli.Models;

/// <summary>A partial download cannot be written. The message is one line.</summary>
public sealed class PartFileException(string message, Exception inner) : IOException(message, inner);

/// <summary>
/// A partial download, <c>NAME.part</c> next to its final path, with the server's ETag in <c>NAME.part.tag</c>. It is open in one
/// process at a time.
/// </summary>
internal sealed class PartFile : IDisposable
{
    // Windows moves and deletes an open file only with FileShare.Delete; on other systems any sharing would allow a second writer.
    private static readonly FileShare Share = OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None;

    private readonly string _path;
    private readonly FileStream _stream;

    public PartFile(string path)
    {
        _path = path;
        try
        {
            _stream = new FileStream($"{path}.part", FileMode.OpenOrCreate, FileAccess.ReadWrite, Share, 1);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new PartFileException(
                $"{path}.part cannot be written ({failure.Message.ReplaceLineEndings(" ")}): another process may be fetching it, or you "
                + "may not write to the folder; VIZ_MODELS sets another one", failure);
        }
        _stream.Seek(0, SeekOrigin.End);
    }

    /// <summary>
    /// Whether the final file exists: then another process has completed it, and the file opened here may even be that file.
    /// </summary>
    public bool IsComplete => File.Exists(_path);

    /// <summary>The number of bytes downloaded so far.</summary>
    public long Length => _stream.Length;

    /// <summary>The server's ETag of the file that the bytes belong to, or null.</summary>
    public string? Tag => File.Exists(TagPath) ? File.ReadAllText(TagPath) : null;

    private string TagPath => $"{_path}.part.tag";

    /// <summary>Discards the bytes and starts again with a file that has the given ETag.</summary>
    public void Restart(string? tag)
    {
        _stream.SetLength(0);
        if (tag is null)
            File.Delete(TagPath);
        else
            File.WriteAllText(TagPath, tag);
    }

    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await _stream.WriteAsync(bytes, cancellation);
        }
        catch (IOException failure)
        {
            throw new PartFileException($"{_path}.part cannot be written ({failure.Message.ReplaceLineEndings(" ")})", failure);
        }
    }

    /// <summary>Computes the SHA-256 of all bytes, in lower-case hexadecimal digits.</summary>
    public async Task<string> HashAsync(CancellationToken cancellation)
    {
        _stream.Seek(0, SeekOrigin.Begin);
        var hash = await SHA256.HashDataAsync(_stream, cancellation);
        _stream.Seek(0, SeekOrigin.End);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>Moves the complete file to its final path.</summary>
    public void Complete()
    {
        _stream.Flush(flushToDisk: true);
        File.Move($"{_path}.part", _path, overwrite: true);
        File.Delete(TagPath);
        _stream.Dispose();
    }

    /// <summary>Deletes the partial download.</summary>
    public void Discard()
    {
        File.Delete($"{_path}.part");
        File.Delete(TagPath);
        _stream.Dispose();
    }

    // An empty file is deleted.
    public void Dispose()
    {
        if (_stream.CanRead && _stream.Length == 0)
            File.Delete($"{_path}.part");
        _stream.Dispose();
    }
}
