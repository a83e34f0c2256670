using System.Text.RegularExpressions;

namespace VizPipeline.Tests.Deployment;

/// <summary>Extracts the metrics of a Prometheus query, or of Grafana's variables, and the labels that they must have.</summary>
internal static partial class PromQl
{
    // Labels of the scrape rather than of the metric; and those of histogram buckets.
    private static readonly string[] LabelsOfPrometheus = ["job", "instance", "le"];

    /// <summary>Returns each mention of a metric, with the labels that its selector and the surrounding aggregations name.</summary>
    public static IEnumerable<MetricUse> Uses(string query)
    {
        if (LabelValues().Match(query) is { Success: true } values)
            return [new MetricUse(values.Groups["metric"].Value, [(values.Groups["label"].Value, null)])];
        var text = Quoted().Replace(query, quoted => new string(' ', quoted.Length));
        var groups = Aggregation().Matches(text).Select(
            by => (Labels: by.Groups["labels"].Value, Begin: by.Index + by.Length, End: Closing(text, by.Index + by.Length))).ToList();
        return Name().Matches(text).Select(name => new MetricUse(
            name.Value,
            [.. groups.Where(by => name.Index >= by.Begin && name.Index < by.End)
                .SelectMany(by => by.Labels.Split(',', StringSplitOptions.TrimEntries))
                .Except(LabelsOfPrometheus).Select(label => (label, (string?)null)),
                .. Selected(query, name.Index + name.Length)]));
    }

    private static IEnumerable<(string Name, string? Value)> Selected(string query, int at)
        => at < query.Length && query[at] == '{'
            ? Condition().Matches(query[at..query.IndexOf('}', at)]).Select(condition => (
                condition.Groups["label"].Value,
                condition.Groups["operator"].Value is "=" or "!=" ? condition.Groups["value"].Value : null))
            : [];

    private static int Closing(string text, int at)
    {
        for (var depth = 1; at < text.Length; at++)
        {
            depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
            if (depth == 0)
                return at;
        }
        throw new FormatException($"a parenthesis stays open: {text}");
    }

    [GeneratedRegex(@"^label_values\((?<metric>\w+), *(?<label>\w+)\)$")]
    private static partial Regex LabelValues();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\bby \((?<labels>[^)]*)\) \(")]
    private static partial Regex Aggregation();

    // Functions and labels have no underscore, except these and Grafana's variables.
    [GeneratedRegex(@"(?<![\$_a-z])(?!histogram_quantile|vector)[a-z]+_[a-z0-9_]+")]
    private static partial Regex Name();

    [GeneratedRegex("(?<label>\\w+)(?<operator>=~|!~|!=|=)\"(?<value>[^\"]*)\"")]
    private static partial Regex Condition();
}

/// <summary>A metric in a query.</summary>
/// <param name="Metric">Its name.</param>
/// <param name="Labels">Labels that it must have, with the text that the query compares them to, if any.</param>
internal sealed record MetricUse(string Metric, IReadOnlyList<(string Name, string? Value)> Labels);
