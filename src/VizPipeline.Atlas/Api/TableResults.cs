using System.Text.Json;
using Microsoft.AspNetCore.Http;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web;

namespace VizPipeline.Atlas.Api;

/// <summary>
/// Writes table rows as JSON. A page has <c>items</c>, whose fields are the columns of the exports, and <c>next</c>, the cursor of the next
/// page.
/// </summary>
internal static class TableResults
{
    /// <summary>Returns a page of a table.</summary>
    public static IResult Page<TRow>(HttpContext context, ExportTable<TRow> table, IEnumerable<TRow> rows, string? next) =>
        Json(context, json =>
    {
        json.WriteStartObject();
        json.WritePropertyName("items");
        WriteRows(json, table, rows);
        json.WriteString("next", next);
        json.WriteEndObject();
    });

    /// <summary>Returns the JSON that <paramref name="write"/> writes.</summary>
    public static IResult Json(HttpContext context, Action<Utf8JsonWriter> write) => CacheableResults.Json(context, ToBytes(write));

    /// <summary>Returns the bytes of the JSON that <paramref name="write"/> writes.</summary>
    public static byte[] ToBytes(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
            write(json);
        return buffer.ToArray();
    }

    /// <summary>Writes rows as an array of objects.</summary>
    public static void WriteRows<TRow>(Utf8JsonWriter json, ExportTable<TRow> table, IEnumerable<TRow> rows)
    {
        var writer = new JsonRow(table.Columns);
        json.WriteStartArray();
        foreach (var row in rows)
            writer.Write(json, table.Values(row));
        json.WriteEndArray();
    }

    /// <summary>Writes one row as an object.</summary>
    public static void WriteRow<TRow>(Utf8JsonWriter json, ExportTable<TRow> table, TRow row) =>
        new JsonRow(table.Columns).Write(json, table.Values(row));
}
