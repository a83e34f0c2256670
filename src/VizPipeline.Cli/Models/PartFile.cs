using System.Security.Cryptography;

namespace VizPipeline.Cli.Models;

/// <summary>A half-fetched file cannot be written. The message is one line.</summary>
public sealed class PartFileException(string message, Exception inner) : IOException(message, inner);

/// <summary>A file on its way, <c>NAME.part</c> beside its place, and the server's tag of it in <c>NAME.part.tag</c>. One process at a time has it.</summary>
internal sealed class PartFile : IDisposable
{
    // Windows moves and deletes an open file only where that is shared; elsewhere any sharing would let a second writer in.
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
            throw new PartFileException($"{path}.part cannot be written ({failure.Message.ReplaceLineEndings(" ")}): is another process fetching it, or the folder not yours? VIZ_MODELS names another", failure);
        }
        _stream.Seek(0, SeekOrigin.End);
    }

    /// <summary>Whether the file is in its place: then another process had it, and what was opened here may even be the file itself.</summary>
    public bool IsComplete => File.Exists(_path);

    /// <summary>Bytes that are here.</summary>
    public long Length => _stream.Length;

    /// <summary>The server's tag of the file that the bytes are of, or null.</summary>
    public string? Tag => File.Exists(TagPath) ? File.ReadAllText(TagPath) : null;

    private string TagPath => $"{_path}.part.tag";

    /// <summary>Begins again, with a file of the given tag.</summary>
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

    /// <summary>SHA-256 of all bytes, in lower-case hex.</summary>
    public async Task<string> HashAsync(CancellationToken cancellation)
    {
        _stream.Seek(0, SeekOrigin.Begin);
        var hash = await SHA256.HashDataAsync(_stream, cancellation);
        _stream.Seek(0, SeekOrigin.End);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>Puts the file in its place, whole. Nobody else has it until it is there.</summary>
    public void Complete()
    {
        _stream.Flush(flushToDisk: true);
        File.Move($"{_path}.part", _path, overwrite: true);
        File.Delete(TagPath);
        _stream.Dispose();
    }

    /// <summary>Throws it away.</summary>
    public void Discard()
    {
        File.Delete($"{_path}.part");
        File.Delete(TagPath);
        _stream.Dispose();
    }

    // An attempt that brought nothing leaves nothing.
    public void Dispose()
    {
        if (_stream.CanRead && _stream.Length == 0)
            File.Delete($"{_path}.part");
        _stream.Dispose();
    }
}
