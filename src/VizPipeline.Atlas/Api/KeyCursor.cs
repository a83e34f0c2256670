using System.Globalization;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;

namespace VizPipeline.Atlas.Api;

/// <summary>Cursors of tables that are ordered by key: the numbers of the last row's key, separated by dots.</summary>
internal static class KeyCursor
{
    /// <summary>Splits <paramref name="limit"/> + 1 rows, or fewer, into a page and the cursor of the next page.</summary>
    public static (IReadOnlyList<TRow> Rows, string? Next) TakePage<TRow>(List<TRow> rows, int limit, Func<TRow, string> cursor)
    {
        if (rows.Count <= limit)
            return (rows, null);
        rows.RemoveRange(limit, rows.Count - limit);
        return (rows, cursor(rows[^1]));
    }

    /// <summary>Creates a cursor from numbers.</summary>
    public static string Create(params long[] numbers) =>
        string.Join('.', numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Parses a cursor; returns null if there is none.</summary>
    /// <exception cref="QueryException">The cursor does not belong to this table.</exception>
    public static long[]? Parse(string? cursor, int count)
    {
        if (cursor is not { Length: > 0 })
            return null;
        var parts = cursor.Split('.');
        var numbers = new long[count];
        for (var i = 0; i < count; i++)
        {
            if (parts.Length != count
                || !long.TryParse(parts[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[i])
                || numbers[i] is < int.MinValue or > int.MaxValue)
                throw new QueryException(
                    $"after: '{Format.Excerpt(cursor)}' is not a cursor of this table; use `next` of the previous page");
        }
        return numbers;
    }

    /// <summary>Checks the number of rows asked for; the default is 100.</summary>
    /// <exception cref="QueryException">The number is out of range.</exception>
    public static int CheckLimit(int? asked) =>
        (asked ?? 100) is >= 1 and <= NeuronQuery.LargestPage and var limit
        ? limit : throw new QueryException($"limit: {asked} is not from 1 to {NeuronQuery.LargestPage}");
}
