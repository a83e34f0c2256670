using System.Text.Encodings.Web;
using System.Text.Json;

namespace VizPipeline.Web.Export;

/// <summary>One JSON object per line. JSON has no infinity: it is written as the text "Infinity" or "-Infinity".</summary>
internal sealed class JsonLinesTableWriter(Stream stream, IReadOnlyList<ExportColumn> columns) : ITableWriter
{
    // The file is not pasted into HTML, so names in any script stay readable.
    private readonly Utf8JsonWriter _json = new(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    private readonly JsonEncodedText[] _names = [.. columns.Select(column => JsonEncodedText.Encode(column.Name))];

    /// <inheritdoc/>
    public ValueTask WriteAsync(object?[] row, CancellationToken cancellation)
    {
        _json.WriteStartObject();
        for (var i = 0; i < row.Length; i++)
        {
            _json.WritePropertyName(_names[i]);
            if (columns[i].Kind == ColumnKind.Json && row[i] is string raw)
                _json.WriteRawValue(raw);
            else
                Write(row[i]);
        }
        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        stream.WriteByte((byte)'\n');
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public Task CompleteAsync(CancellationToken cancellation) => stream.FlushAsync(cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _json.DisposeAsync();
        await stream.DisposeAsync();
    }

    private void Write(object? value)
    {
        switch (value)
        {
            case null: _json.WriteNullValue(); break;
            case string text: _json.WriteStringValue(text); break;
            case bool flag: _json.WriteBooleanValue(flag); break;
            case int number: _json.WriteNumberValue(number); break;
            case long number: _json.WriteNumberValue(number); break;
            case float number: Write(number); break;
            case double number when double.IsFinite(number): _json.WriteNumberValue(number); break;
            case double number: _json.WriteStringValue(number > 0 ? "Infinity" : "-Infinity"); break;
            case IEnumerable<int> list: WriteList(list, _json.WriteNumberValue); break;
            case IEnumerable<float> list: WriteList(list, Write); break;
            case IEnumerable<string> list: WriteList(list, _json.WriteStringValue); break;
            default: throw new NotSupportedException($"a value of type {value.GetType().Name} has no form in JSON");
        }
    }

    private void Write(float number)
    {
        if (float.IsFinite(number))
            _json.WriteNumberValue(number);
        else
            Write((double)number);
    }

    private void WriteList<T>(IEnumerable<T> list, Action<T> write)
    {
        _json.WriteStartArray();
        foreach (var item in list)
            write(item);
        _json.WriteEndArray();
    }
}
