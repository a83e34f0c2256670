using System.Text.Json;

namespace VizPipeline.Images;

/// <summary>
/// A file that gives images their classes: one <c>relative/path LABEL</c> per line (separated by tab, comma or the last space; empty lines
/// and lines that begin with # are ignored), or a JSON object <c>{"relative/path": "label"}</c>.
/// </summary>
public sealed class LabelFile
{
    private readonly string _file;
    private readonly Dictionary<string, string> _labels;

    private LabelFile(string file, Dictionary<string, string> labels) => (_file, _labels) = (file, labels);

    /// <summary>Reads a label file.</summary>
    /// <exception cref="ImageSetException">The file is missing, a line has no label, or an image has two different ones.</exception>
    public static LabelFile Load(string file)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        var text = SetFiles.ReadText(file, "label file");
        var labels = new Dictionary<string, string>();
        foreach (var (path, label, where) in text.TrimStart().StartsWith('{') ? FromJson(file, text) : FromLines(file, text))
        {
            var clean = path.Replace('\\', '/').TrimStart('.').TrimStart('/');
            if (!labels.TryAdd(clean, label!) && labels[clean] != label)
                throw new ImageSetException($"label file {file}, {where}: {clean} has two labels, '{labels[clean]}' and '{label}'");
        }
        return new(file, labels);
    }

    /// <summary>Reads a list of images in the same formats; a line may also be a path alone.</summary>
    /// <returns>Paths with '/', as in the list, and their labels.</returns>
    /// <exception cref="ImageSetException">The file is missing or empty, or an image has two different labels.</exception>
    internal static IReadOnlyDictionary<string, string?> LoadList(string file)
    {
        var text = SetFiles.ReadText(file, "image list");
        var paths = new Dictionary<string, string?>();
        foreach (var (path, label, where) in text.TrimStart().StartsWith('{') ? FromJson(file, text) : FromLines(file, text, isList: true))
        {
            if (!paths.TryAdd(path.Replace('\\', '/'), label) && paths[path] != label)
                throw new ImageSetException($"image list {file}, {where}: {path} has two labels, '{paths[path]}' and '{label}'");
        }
        return paths.Count > 0 ? paths : throw new ImageSetException($"image list {file} is empty; it must give a path a line");
    }

    /// <summary>Returns the label of each path; null if the file does not contain it.</summary>
    /// <exception cref="ImageSetException">The file contains none of the paths.</exception>
    public IEnumerable<string?> For(IReadOnlyList<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        if (!paths.Any(_labels.ContainsKey))
        {
            throw new ImageSetException(
                $"label file {_file} names none of the set's pictures; it must give paths below the set's folder, such as {paths[0]}");
        }
        return TryFor(paths);
    }

    /// <summary>Returns the label of each name; null if the file does not contain it.</summary>
    public IEnumerable<string?> TryFor(IEnumerable<string> names) => names.Select(name => _labels.GetValueOrDefault(name));

    private static IEnumerable<(string Path, string? Label, string Where)> FromLines(string file, string text, bool isList = false)
    {
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line.StartsWith('#'))
                continue;
            // "a cat.jpg" is an image, and "a.jpg cat" is one with its label.
            if (isList && (Separator(line) <= 0 || (!line.Contains('\t') && IsImage(Unquote(line)))))
            {
                yield return (Unquote(line), null, $"line {number}");
                continue;
            }
            var at = Separator(line);
            if (at <= 0 || at == line.Length - 1)
            {
                throw new ImageSetException(
                    $"label file {file}, line {number}: '{line}' is not a path and a label separated by tab, comma or space");
            }
            yield return (Unquote(line[..at]), Unquote(line[(at + 1)..]), $"line {number}");
        }
    }

    // The separator that is rarest in paths comes first: a path with spaces is common, one with tabs is not.
    private static int Separator(string line) =>
        line.IndexOf('\t') is var tab && tab > 0 ? tab : line.LastIndexOf(',') is var comma && comma > 0 ? comma : line.LastIndexOf(' ');

    private static bool IsImage(string path) => FileListing.IsPicture(Path.GetFileName(path)) || ImageArchives.IsArchive(path);

    private static List<(string Path, string? Label, string Where)> FromJson(string file, string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateObject()
                .Select(field => (field.Name, (string?)Label(file, field), $"'{field.Name}'"))];
        }
        catch (JsonException error)
        {
            throw new ImageSetException($"label file {file} is not valid JSON at {JsonFaults.Locate(error)}");
        }
    }

    private static string Label(string file, JsonProperty field) => field.Value.ValueKind switch
    {
        JsonValueKind.String => field.Value.GetString()!,
        JsonValueKind.Number => field.Value.GetRawText(),
        _ => throw new ImageSetException($"label file {file}, '{field.Name}': the label must be a text or a number"),
    };

    private static string Unquote(string part) => part.Trim().Trim('"').Trim();
}
