using System.Globalization;
using VizPipeline.Network.Formats.Onnx.Schema;

namespace VizPipeline.Network.Formats.Onnx;

/// <summary>
/// Finds weights that lie in files of their own. A model may only name files in its own folder: one that comes from
/// a stranger must not be able to read anything else of this machine.
/// </summary>
internal sealed class OnnxExternalData(string file)
{
    private readonly Dictionary<string, (ByteSource Source, long Taken)> opened = new(StringComparer.Ordinal);

    /// <summary>The file and offset at which a tensor's bytes begin. That they are there is checked.</summary>
    public (ByteSource Source, long Offset) Find(TensorProto tensor, string name, long bytes)
    {
        var location = Entry(tensor, "location") ?? throw Wrong(name, "without a location");
        var offset = Number(tensor, name, "offset") ?? 0;
        var length = Number(tensor, name, "length") ?? bytes;
        if (length != bytes)
            throw Wrong(name, $"of {length} bytes, whose shape needs {bytes}");
        var (source, taken) = Open(location, name);
        if (offset > source.Length - length)
            throw Wrong(name, $"at bytes {offset} to {(Int128)offset + length} of '{location}', which has {source.Length}");
        // Many tensors over the same bytes would make a small file fill the memory.
        if (length > source.Length - taken)
            throw Wrong(name, $"from bytes of '{location}' that other tensors use too");
        opened[location] = (source, taken + length);
        return (source, offset);
    }

    private (ByteSource Source, long Taken) Open(string location, string name)
    {
        if (opened.TryGetValue(location, out var known))
            return known;
        var source = ByteSource.Of(PathOf(location, name));
        opened[location] = (source, 0);
        return (source, 0);
    }

    private string PathOf(string location, string name)
    {
        var parts = location.Split('/', '\\');
        if (parts[0] == ".")
            parts = parts[1..];
        if (parts.Length == 0 || Path.IsPathRooted(location) || location.Contains(':') || location.Contains('\0') || parts.Any(part => part is "" or "." or ".."))
            throw Wrong(name, $"in '{location}', which is not a file of the model's own folder");
        var path = Path.GetDirectoryName(Path.GetFullPath(file))!;
        foreach (var part in parts)
        {
            path = Path.Combine(path, part);
            // A link could lead anywhere.
            if (new FileInfo(path).LinkTarget is not null)
                throw new ModelFormatException(file, $"has tensor '{name}' in '{location}', which is a link", "put the file itself beside the model");
        }
        return path;
    }

    private long? Number(TensorProto tensor, string name, string key)
    {
        if (Entry(tensor, key) is not { } text)
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Wrong(name, $"with an {key} that is not a whole number");
    }

    private static string? Entry(TensorProto tensor, string key) => tensor.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value;

    private ModelFormatException Wrong(string name, string problem) => new(file, $"has external tensor '{name}' {problem}");
}
