using System.Text.Encodings.Web;
using System.Text.Json;

namespace VizPipeline.Atlas.Export;

/// <summary>Writes one JSON object per line.</summary>
internal sealed class JsonLinesTableWriter(Stream stream, IReadOnlyList<ExportColumn> columns) : ITableWriter
{
    // The file is not embedded in HTML, so names in any script can stay unescaped.
    private readonly Utf8JsonWriter _json = new(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    private readonly JsonRow _rows = new(columns);

    /// <inheritdoc/>
    public ValueTask WriteAsync(object?[] row, CancellationToken cancellation)
    {
        _rows.Write(_json, row);
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
}
