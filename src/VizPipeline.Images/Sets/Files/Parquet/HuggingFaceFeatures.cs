using System.Text.Json;

namespace VizPipeline.Images;

/// <summary>
/// The description of a table by Hugging Face's datasets library, in the metadata key <c>huggingface</c>: the column of images, the column
/// of classes, and the classes' names. For tables without it, the columns' names decide.
/// </summary>
/// <param name="Image">Leaf column of the images' bytes.</param>
/// <param name="Label">Leaf column of the classes, or null.</param>
/// <param name="Names">Names of the classes by number; empty if there are none.</param>
internal sealed record HuggingFaceFeatures(int Image, int? Label, IReadOnlyList<string> Names)
{
    private static readonly string[] UsualImages = ["image", "img"];

    /// <exception cref="IOException">The table has no column of images.</exception>
    public static HuggingFaceFeatures Read(ParquetMetadata table)
    {
        var features = Features(table.Notes.GetValueOrDefault("huggingface"));
        var images = features.Where(feature => feature.Type == "Image").Select(feature => feature.Name).Concat(UsualImages);
        var image = images.Select(name => Find(table, name, ParquetType.ByteArray)).FirstOrDefault(leaf => leaf >= 0, -1);
        if (image < 0)
        {
            throw new IOException(
                "it has no column of images as Hugging Face's datasets have: 'image', binary or with fields bytes and path");
        }
        // Of several class columns (fine and coarse), the one called label, else the first.
        var labels = features.Where(feature => feature.Type == "ClassLabel").OrderBy(feature => feature.Name == "label" ? 0 : 1)
            .Select(feature => feature.Name).Append("label");
        foreach (var name in labels)
        {
            if (Find(table, name, ParquetType.Int64, ParquetType.Int32, ParquetType.ByteArray) is >= 0 and var label)
                return new(image, label, features.FirstOrDefault(feature => feature.Name == name).Names ?? []);
        }
        return new(image, null, []);
    }

    /// <summary>Returns the class with a number; null if the number stands for an unknown class.</summary>
    public string? Name(long number) =>
        number < 0 ? null : number < Names.Count ? Names[(int)number] : number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static int Find(ParquetMetadata table, string name, params ParquetType[] types)
    {
        for (var leaf = 0; leaf < table.Leaves.Count; leaf++)
        {
            var (path, type, _, isRepeated) = table.Leaves[leaf];
            if ((path == name || path == name + ".bytes") && !isRepeated && types.Contains(type))
                return leaf;
        }
        return -1;
    }

    private static List<(string Name, string Type, string[]? Names)> Features(string? json)
    {
        try
        {
            using var document = JsonDocument.Parse(json ?? "{}");
            var features = document.RootElement.TryGetProperty("info", out var info) ? info.GetProperty("features") : default;
            return features.ValueKind != JsonValueKind.Object
                ? [] : [.. features.EnumerateObject().Select(field => (field.Name, Text(field.Value, "_type"), NamesOf(field.Value)))];
        }
        // Another program's metadata: the columns' names decide.
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return [];
        }
    }

    private static string Text(JsonElement feature, string field) =>
        feature.ValueKind == JsonValueKind.Object
            && feature.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string[]? NamesOf(JsonElement feature) =>
        feature.ValueKind == JsonValueKind.Object
            && feature.TryGetProperty("names", out var names) && names.ValueKind == JsonValueKind.Array
            ? [.. names.EnumerateArray().Select(name => name.GetString() ?? "")]
            : null;
}
