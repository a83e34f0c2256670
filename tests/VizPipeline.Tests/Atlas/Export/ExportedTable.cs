using System.Globalization;
using System.Text.Json;
using CsvHelper;
using Parquet.Serialization;

namespace VizPipeline.Tests.Atlas.Export;

/// <summary>
/// An exported table, read with a different reader. Values have one format: numbers round-trip, lists are joined by ';', empty is null.
/// </summary>
public sealed record ExportedTable(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyDictionary<string, string?>> Rows)
{
    public static async Task<ExportedTable> ReadAsync(string folder, string table, string format)
    {
        var path = Path.Combine(folder, $"{table}.{format}");
        return format switch
        {
            "csv" => ReadCsv(path),
            "jsonl" => ReadJsonLines(path),
            _ => await ReadParquetAsync(path),
        };
    }

    public IReadOnlyDictionary<string, string?> Row(string layer, int channel, string? rank = null)
        => Rows.Single(row => row["layer"] == layer && row["channel"] == $"{channel}" && (rank is null || row["rank"] == rank));

    private static ExportedTable ReadCsv(string path)
    {
        using var reader = CsvReader.Create(File.OpenRead(path), new CsvReaderOptions(), leaveOpen: false);
        reader.ReadHeader();
        string[] columns = [.. reader.Headers];
        var rows = new List<IReadOnlyDictionary<string, string?>>();
        while (reader.Read())
        {
            var fields = reader.Current.ToArray();
            rows.Add(columns.Select((column, i) => (column, i)).ToDictionary(c => c.column, c => fields[c.i] is "" ? null : fields[c.i]));
        }
        return new ExportedTable(columns, rows);
    }

    private static ExportedTable ReadJsonLines(string path)
    {
        var lines = File.ReadAllText(path).Split('\n');
        Assert.Equal("", lines[^1]);
        var rows = lines[..^1].Select(line => JsonDocument.Parse(line).RootElement).ToList();
        string[] columns = rows.Count == 0 ? [] : [.. rows[0].EnumerateObject().Select(property => property.Name)];
        return new ExportedTable(
            columns, [
                .. rows.Select(row => row.EnumerateObject().ToDictionary(property => property.Name, property => Text(property.Value)))]);
    }

    private static async Task<ExportedTable> ReadParquetAsync(string path)
    {
        await using var stream = File.OpenRead(path);
        var table = await ParquetSerializer.DeserializeUntypedAsync(stream, cancellationToken: TestContext.Current.CancellationToken);
        string[] columns = [.. table.Schema.Fields.Select(field => field.Name)];
        return new ExportedTable(
            columns, [
                .. table.Data.Select(
                    row => columns.ToDictionary(column => column, column => Text(row.TryGetValue(column, out var value) ? value : null)))]);
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString() is { Length: > 0 } text ? text : null,
        JsonValueKind.Array => value.GetArrayLength() == 0 ? null : string.Join(';', value.EnumerateArray().Select(Text)),
        _ => value.GetRawText(),
    };

    private static string? Text(object? value) => value switch
    {
        null or "" => null,
        string text => text,
        bool flag => flag ? "true" : "false",
        float number => number.ToString("R", CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        System.Collections.IEnumerable list =>
            string.Join(';', list.Cast<object?>().Select(Text)) is { Length: > 0 } joined ? joined : null,
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };
}
