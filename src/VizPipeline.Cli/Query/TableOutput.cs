using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using VizPipeline.Atlas.Export;
using VizPipeline.Cli.CommandLine;

namespace VizPipeline.Cli.Query;

/// <summary>Prints rows as a table, CSV or JSON lines.</summary>
internal static class TableOutput
{
    private const string AsTable = "table";

    /// <summary>Creates the option <c>--format</c>.</summary>
    public static Option<string> CreateOption() => new("--format")
    {
        Description = "table, csv, or json (one object per line)",
        DefaultValueFactory = _ => AsTable,
    };

    /// <summary>Prints rows.</summary>
    /// <param name="format">The value of <c>--format</c>.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="rows">The values of each row.</param>
    /// <param name="none">What a table without rows says.</param>
    /// <param name="cancellation">Cancels reading.</param>
    /// <param name="shown">The columns of a table; null for all.</param>
    /// <exception cref="UsageException">The format is unknown.</exception>
    /// <returns>The rows that a table shows; empty for other formats.</returns>
    public static async Task<IReadOnlyList<object?[]>> WriteAsync(
        string format, IReadOnlyList<ExportColumn> columns, IAsyncEnumerable<object?[]> rows, string none, CancellationToken cancellation,
        IReadOnlyList<string>? shown = null)
    {
        switch (format)
        {
            case AsTable:
                return await WriteTableAsync(columns, rows, none, shown, cancellation);
            case "csv":
                await WriteAsync(rows, stream => new CsvTableWriter(stream, columns), cancellation);
                return [];
            case "json":
                await WriteAsync(rows, stream => new JsonLinesTableWriter(stream, columns), cancellation);
                return [];
            default:
                throw new UsageException($"--format '{format}' is unknown; use table, csv or json");
        }
    }

    /// <summary>Prints the rows of a table of the exports.</summary>
    public static Task WriteAsync<TRow>(
        string format, ExportTable<TRow> table, IEnumerable<TRow> rows, string none, CancellationToken cancellation) =>
        WriteAsync(format, table.Columns, rows.Select(table.Values).ToAsyncEnumerable(), none, cancellation);

    private static async Task WriteAsync(IAsyncEnumerable<object?[]> rows, Func<Stream, ITableWriter> open, CancellationToken cancellation)
    {
        // Through a buffer, because tests replace the console's writer.
        using var buffer = new MemoryStream();
        await using (var writer = open(buffer))
        {
            await foreach (var row in rows.WithCancellation(cancellation))
                await writer.WriteAsync(row, cancellation);
            await writer.CompleteAsync(cancellation);
        }
        Console.Write(System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
    }

    private static async Task<IReadOnlyList<object?[]>> WriteTableAsync(
        IReadOnlyList<ExportColumn> columns, IAsyncEnumerable<object?[]> rows, string none, IReadOnlyList<string>? shown,
        CancellationToken cancellation)
    {
        var found = await rows.ToListAsync(cancellation);
        if (found.Count == 0)
        {
            Console.WriteLine(none);
            return found;
        }
        int[] places = shown is null
            ? [.. Enumerable.Range(0, columns.Count)]
            : [.. shown.Select(name => columns.Index().First(column => column.Item.Name == name).Index)];
        // Columns without any value are left out.
        places = [.. places.Where(place => found.Exists(row => row[place] is not null))];
        var table = new Table { Border = TableBorder.Simple };
        foreach (var place in places)
            table.AddColumn(new TableColumn(columns[place].Name)
            {
                Alignment = columns[place].Kind is ColumnKind.Text ? Justify.Left : Justify.Right,
                NoWrap = true,
            });
        foreach (var row in found)
            table.AddRow([.. places.Select(place => Markup.Escape(Cell(row[place])))]);
        ConsoleOutput.Wide().Write(table);
        return found;
    }

    private static string Cell(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "yes" : "no",
        double number => number.ToString("G4", CultureInfo.InvariantCulture),
        float number => number.ToString("G4", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => $"{value}",
    };
}
