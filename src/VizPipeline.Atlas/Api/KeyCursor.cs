using System.Globalization;
using VizPipeline.Web.Data;

namespace VizPipeline.Web.Api;

/// <summary>Cursors of tables that come in the order of their keys: the numbers of the last row's key, with dots between.</summary>
internal static class KeyCursor
{
    /// <summary>The first rows of one more than were asked for, and the cursor behind them.</summary>
    public static (IReadOnlyList<TRow> Rows, string? Next) Page<TRow>(List<TRow> rows, int limit, Func<TRow, string> cursor)
    {
        if (rows.Count <= limit)
            return (rows, null);
        rows.RemoveRange(limit, rows.Count - limit);
        return (rows, cursor(rows[^1]));
    }

    /// <summary>A cursor of numbers.</summary>
    public static string Of(params long[] numbers) => string.Join('.', numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)));

    /// <summary>The numbers of a cursor; null without one.</summary>
    /// <exception cref="QueryException">It is not of this table.</exception>
    public static long[]? Read(string? cursor, int count)
    {
        if (cursor is not { Length: > 0 })
            return null;
        var parts = cursor.Split('.');
        var numbers = new long[count];
        for (var i = 0; i < count; i++)
        {
            if (parts.Length != count || !long.TryParse(parts[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[i]) || numbers[i] is < int.MinValue or > int.MaxValue)
                throw new QueryException($"after: '{(cursor.Length > 80 ? cursor[..80] : cursor)}' is no cursor of this table; take `next` of the page before");
        }
        return numbers;
    }

    /// <summary>A page's length.</summary>
    /// <exception cref="QueryException">It is out of range.</exception>
    public static int Limit(int? asked) => (asked ?? 100) is >= 1 and <= NeuronQuery.LargestPage and var limit ? limit : throw new QueryException($"limit: {asked} is not from 1 to {NeuronQuery.LargestPage}");
}
