using System.Text.Json;

namespace VizPipeline.Atlas.Export;

/// <summary>
/// Writes a table row as a JSON object. Values without a JSON number become the strings "Infinity", "-Infinity" and "NaN".
/// </summary>
internal sealed class JsonRow(IReadOnlyList<ExportColumn> columns)
{
    private readonly JsonEncodedText[] _names = [.. columns.Select(column => JsonEncodedText.Encode(column.Name))];

    /// <summary>Writes the object.</summary>
    /// <param name="json">The writer.</param>
    /// <param name="row">One value per column.</param>
    public void Write(Utf8JsonWriter json, object?[] row)
    {
        json.WriteStartObject();
        WriteMembers(json, row);
        json.WriteEndObject();
    }

    /// <summary>Writes the members only, for an object that has other members too.</summary>
    public void WriteMembers(Utf8JsonWriter json, object?[] row)
    {
        for (var i = 0; i < row.Length; i++)
        {
            json.WritePropertyName(_names[i]);
            if (columns[i].Kind == ColumnKind.Json && row[i] is string raw)
                json.WriteRawValue(raw);
            else
                WriteValue(json, row[i]);
        }
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case string text: json.WriteStringValue(text); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case int number: json.WriteNumberValue(number); break;
            case long number: json.WriteNumberValue(number); break;
            case float number: WriteNumber(json, number); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            case double number: json.WriteStringValue(double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity"); break;
            case IEnumerable<int> list: WriteList(json, list, json.WriteNumberValue); break;
            case IEnumerable<float> list: WriteList(json, list, number => WriteNumber(json, number)); break;
            case IEnumerable<string> list: WriteList(json, list, json.WriteStringValue); break;
            default: throw new NotSupportedException($"values of type {value.GetType().Name} cannot be written as JSON");
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, float number)
    {
        if (float.IsFinite(number))
            json.WriteNumberValue(number);
        else
            WriteValue(json, (double)number);
    }

    private static void WriteList<T>(Utf8JsonWriter json, IEnumerable<T> list, Action<T> write)
    {
        json.WriteStartArray();
        foreach (var item in list)
            write(item);
        json.WriteEndArray();
    }
}
