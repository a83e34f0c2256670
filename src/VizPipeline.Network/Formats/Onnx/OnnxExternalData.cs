using System.Globalization;
using VizPipeline.Network.Formats.Onnx.Schema;

namespace VizPipeline.Network.Formats.Onnx;

/// <summary>
/// Locates weights that are stored in separate files. A model may only refer to files in its own folder: an untrusted model must not be
/// able to read any other file of this machine.
/// </summary>
internal sealed class OnnxExternalData(string file)
{
    private readonly Dictionary<string, (ByteSource Source, long Taken)> _opened = new(StringComparer.Ordinal);

    /// <summary>Returns the file and the offset at which a tensor's bytes begin, after checking that the bytes exist.</summary>
    public (ByteSource Source, long Offset) Find(TensorProto tensor, string name, long bytes)
    {
        var location = Entry(tensor, "location") ?? throw Wrong(name, "without a location");
        var offset = Number(tensor, name, "offset") ?? 0;
        var length = Number(tensor, name, "length") ?? bytes;
        if (length != bytes)
            throw Wrong(name, $"of {length} bytes, but its shape needs {bytes}");
        var (source, taken) = Open(location, name);
        if (offset > source.Length - length)
            throw Wrong(name, $"at bytes {offset} to {(Int128)offset + length} of '{location}', which has only {source.Length}");
        // Otherwise many tensors over the same bytes would let a small file fill the memory.
        if (length > source.Length - taken)
            throw Wrong(name, $"from bytes of '{location}' that other tensors also use");
        _opened[location] = (source, taken + length);
        return (source, offset);
    }

    private (ByteSource Source, long Taken) Open(string location, string name)
    {
        if (_opened.TryGetValue(location, out var known))
            return known;
        var source = ByteSource.FromFile(PathOf(location, name));
        _opened[location] = (source, 0);
        return (source, 0);
    }

    private string PathOf(string location, string name)
    {
        var parts = location.Split('/', '\\');
        if (parts[0] == ".")
            parts = parts[1..];
        if (parts.Length == 0
            || Path.IsPathRooted(location)
            || location.Contains(':') || location.Contains('\0') || parts.Any(part => part is "" or "." or ".."))
            throw Wrong(name, $"in '{location}', which is not a file in the model's own folder");
        var path = Path.GetDirectoryName(Path.GetFullPath(file))!;
        foreach (var part in parts)
        {
            path = Path.Combine(path, part);
            // A link could point anywhere.
            if (new FileInfo(path).LinkTarget is not null)
            {
                throw new ModelFormatException(
                    file, $"has tensor '{name}' in '{location}', which is a link", "put the file itself next to the model");
            }
        }
        return path;
    }

    private long? Number(TensorProto tensor, string name, string key)
    {
        if (Entry(tensor, key) is not { } text)
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Wrong(name, $"with an {key} that is not an integer");
    }

    private static string? Entry(TensorProto tensor, string key) => tensor.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value;

    private ModelFormatException Wrong(string name, string problem) => new(file, $"has external tensor '{name}' {problem}");
}
