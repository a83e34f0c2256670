using System.Globalization;
using System.Text.RegularExpressions;

namespace VizPipeline.Atlas.Web;

/// <summary>Formats numbers, times and sentences for display.</summary>
internal static partial class Format
{
    private const int MaxExcerpt = 80;

    /// <summary>Shortens text from a request for an error message, to 80 characters.</summary>
    public static string Excerpt(string text) => text.Length > MaxExcerpt ? text[..MaxExcerpt] : text;

    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Counts things: "1 layer", "1,000 layers".</summary>
    /// <param name="count">The number of things.</param>
    /// <param name="thing">The name of one.</param>
    /// <param name="things">The name of several; by default with an s.</param>
    public static string Counted(long count, string thing, string? things = null) =>
        $"{Number(count)} {(count == 1 ? thing : things ?? thing + "s")}";

    public static string Capital(string text) => $"{char.ToUpperInvariant(text[0])}{text[1..]}";

    public static string Sentence(string text) => $"{Capital(text)}.";

    public static string Value(double? value) =>
        value is { } number
        ? number.ToString(Math.Abs(number) is >= 100 or 0 ? "0.#" : Math.Abs(number) >= 1 ? "0.00" : "0.000", CultureInfo.InvariantCulture)
        : "–";

    /// <summary>Cuts a name after its signs, such as dots and slashes, where a line may end.</summary>
    public static string[] Words(string name) => Signs().Split(name);

    public static string Percent(double? share) =>
        share is { } part ? (part * 100).ToString(part is 0 or 1 or >= 0.1 ? "0" : "0.0", CultureInfo.InvariantCulture) + " %" : "–";

    /// <summary>Formats a value without loss, for attributes that scripts read.</summary>
    public static string Plain(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    public static string Time(DateTime? time) =>
        time?.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + (time is null ? "" : " UTC");

    public static string Duration(double seconds) => TimeSpan.FromSeconds(seconds) switch
    {
        { TotalHours: >= 1 } span => $"{(int)span.TotalHours} h {span.Minutes} min",
        { TotalMinutes: >= 1 } span => $"{span.Minutes} min {span.Seconds} s",
        var span => $"{span.TotalSeconds:0.#} s",
    };

    [GeneratedRegex(@"(?<=[./_:\\-])(?=\w)")]
    private static partial Regex Signs();
}
