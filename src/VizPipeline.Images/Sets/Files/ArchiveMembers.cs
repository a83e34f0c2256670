using System.Text;
using System.Text.Json;

namespace VizPipeline.Images;

/// <summary>
/// The relevant members of a tar or zip archive: its images, and files next to them that give their class as in WebDataset. A sample
/// consists of members with the same name up to its first dot: <c>a/0001.jpg</c> with <c>a/0001.cls</c>, or with <c>a/0001.json</c> that
/// has a label.
/// </summary>
/// <typeparam name="TPlace">The position of a member in the archive.</typeparam>
internal sealed class ArchiveMembers<TPlace>
{
    private const long LargestLabel = 1 << 16;
    private static readonly string[] JsonFields = ["label", "class", "cls"];

    private readonly Dictionary<string, TPlace> _pictures = [];
    private readonly Dictionary<string, TPlace> _labels = [];

    public IEnumerable<string> Pictures => _pictures.Keys;

    /// <exception cref="FileNotFoundException">There is no such image.</exception>
    public TPlace this[string member] =>
        _pictures.TryGetValue(member, out var place) ? place : throw new FileNotFoundException("the archive has no such member");

    public void Add(string name, TPlace place, long length)
    {
        if (FileListing.IsPicture(name))
            _pictures[name] = place;
        else if (length <= LargestLabel
            && (name.EndsWith(".cls", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)))
            _labels[name] = place;
    }

    /// <summary>Returns the class of each image whose sample has one.</summary>
    public Dictionary<string, string> Labels(Func<TPlace, ImageFile> open)
    {
        var samples = new Dictionary<string, string>();
        // .cls before .json, because it contains nothing else.
        foreach (var (name, place) in _labels.OrderBy(member => Path.GetExtension(member.Key), StringComparer.OrdinalIgnoreCase)
            .ThenBy(member => member.Key, StringComparer.Ordinal))
        {
            using var file = open(place);
            var bytes = new byte[file.Length];
            var text = Encoding.UTF8.GetString(bytes.AsSpan(0, file.Read(bytes, 0))).Trim();
            var label = name.EndsWith(".cls", StringComparison.OrdinalIgnoreCase) ? text : FromJson(text);
            if (IsLabel(label))
                samples.TryAdd(Key(name), label!);
        }
        return _pictures.Keys.Where(picture => samples.ContainsKey(Key(picture)))
            .ToDictionary(picture => picture, picture => samples[Key(picture)]);
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
                if (document.RootElement.TryGetProperty(field, out var value)
                    && value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
                    return value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
            }
            return null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Another program's file next to the image; invalid Unicode is found only when the text is read.
            return null;
        }
    }
}
