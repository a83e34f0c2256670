using System.Text;
using System.Text.Json;

namespace VizPipeline.Images;

/// <summary>
/// The members of a tar or zip archive that matter: its pictures, and the files beside them that say their class as WebDataset does.
/// A sample is what shares a name up to its first dot: <c>a/0001.jpg</c> with <c>a/0001.cls</c>, or <c>a/0001.json</c> that has a label.
/// </summary>
/// <typeparam name="TPlace">Where a member lies in the archive.</typeparam>
internal sealed class ArchiveMembers<TPlace>
{
    private const long LargestLabel = 1 << 16;
    private static readonly string[] JsonFields = ["label", "class", "cls"];

    private readonly Dictionary<string, TPlace> _pictures = [];
    private readonly Dictionary<string, TPlace> _labels = [];

    public IEnumerable<string> Pictures => _pictures.Keys;

    /// <exception cref="FileNotFoundException">There is no such picture.</exception>
    public TPlace this[string member] => _pictures.TryGetValue(member, out var place) ? place : throw new FileNotFoundException("the archive has no such member");

    public void Add(string name, TPlace place, long length)
    {
        if (FileListing.IsPicture(name))
            _pictures[name] = place;
        else if (length <= LargestLabel && (name.EndsWith(".cls", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)))
            _labels[name] = place;
    }

    /// <summary>The class of each picture whose sample has one.</summary>
    public Dictionary<string, string> Labels(Func<TPlace, ImageFile> open)
    {
        var samples = new Dictionary<string, string>();
        // .cls before .json, as it says nothing else.
        foreach (var (name, place) in _labels.OrderBy(member => Path.GetExtension(member.Key), StringComparer.OrdinalIgnoreCase).ThenBy(member => member.Key, StringComparer.Ordinal))
        {
            using var file = open(place);
            var bytes = new byte[file.Length];
            var text = Encoding.UTF8.GetString(bytes.AsSpan(0, file.Read(bytes, 0))).Trim();
            var label = name.EndsWith(".cls", StringComparison.OrdinalIgnoreCase) ? text : FromJson(text);
            if (IsLabel(label))
                samples.TryAdd(Key(name), label!);
        }
        return _pictures.Keys.Where(picture => samples.ContainsKey(Key(picture))).ToDictionary(picture => picture, picture => samples[Key(picture)]);
    }

    private static bool IsLabel(string? label) => label is { Length: > 0 and <= 512 } && !label.Any(char.IsControl);

    private static string Key(string name) => name.IndexOf('.', name.LastIndexOf('/') + 1) is var dot && dot > 0 ? name[..dot] : name;

    private static string? FromJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return null;
            foreach (var field in JsonFields)
            {
                if (document.RootElement.TryGetProperty(field, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
                    return value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
            }
            return null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Another program's note beside the picture; a text that is not Unicode is found only when it is asked for.
            return null;
        }
    }
}
