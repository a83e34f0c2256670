using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace VizPipeline.Jobs;

/// <summary>Names of ascent recipes: the numbers 1 to 4 of the published presets, or slugs.</summary>
public static partial class PresetNames
{
    /// <summary>
    /// Returns whether a text is a valid name: a number, or 1 to 40 characters from <c>a-z</c>, <c>0-9</c> and <c>-</c>, the first a
    /// letter.
    /// </summary>
    public static bool IsName(string text) => IsNumber(text) || Slug().IsMatch(text);

    /// <summary>Returns whether a text is the number of a published preset.</summary>
    public static bool IsNumber(string text) => text is "1" or "2" or "3" or "4";

    /// <summary>
    /// Returns the variant of a recipe's pictures in tables, e.g. <c>preset 3</c> or <c>facets 2</c>; facets after the first are numbered
    /// from 2.
    /// </summary>
    public static string Variant(string name, int facet = 0) =>
        (IsNumber(name) ? $"preset {name}" : name) + (facet == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" {facet + 1}"));

    // Excludes the names of pictures and tiles of the numbered presets.
    [GeneratedRegex(@"\A(?!(?:p|preset)[0-9]+\z)[a-z][a-z0-9-]{0,39}\z")]
    private static partial Regex Slug();
}

/// <summary>Converts a name to JSON. Numbers remain numbers, as they were before recipes had names.</summary>
public sealed class PresetNameConverter : JsonConverter<string>
{
    /// <inheritdoc/>
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Number when reader.TryGetInt32(out var number) => number.ToString(CultureInfo.InvariantCulture),
        JsonTokenType.String => reader.GetString()!,
        _ => throw new JsonException("expected the name or number of an ascent preset"),
    };

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (PresetNames.IsNumber(value))
            writer.WriteNumberValue(value[0] - '0');
        else
            writer.WriteStringValue(value);
    }
}

/// <summary>Converts a list of names to JSON.</summary>
public sealed class PresetNamesConverter : JsonConverter<IReadOnlyList<string>>
{
    private static readonly PresetNameConverter One = new();

    /// <inheritdoc/>
    public override IReadOnlyList<string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("expected a list of ascent presets");
        var names = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            names.Add(One.Read(ref reader, typeof(string), options));
        return names;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IReadOnlyList<string> value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteStartArray();
        foreach (var name in value)
            One.Write(writer, name, options);
        writer.WriteEndArray();
    }
}
