using System.Globalization;
using System.Text.RegularExpressions;

namespace VizPipeline.Tests.Hosting;

/// <summary>The metrics that a service exposes to Prometheus.</summary>
internal sealed partial record Exposition(string Text, IReadOnlyList<Sample> Samples)
{
    public static Exposition Read(string text) => new(text, [.. Line().Matches(text).Select(line => new Sample(
        line.Groups["name"].Value,
        Label().Matches(line.Groups["labels"].Value)
            .ToDictionary(label => label.Groups["name"].Value, label => label.Groups["value"].Value),
        double.Parse(line.Groups["value"].Value, CultureInfo.InvariantCulture)))]);

    public IEnumerable<Sample> Of(string name) => Samples.Where(sample => sample.Name == name);

    /// <summary>Gets the sample with this name and these labels, other labels ignored; null if there is none or more than one.</summary>
    public double? Value(string name, params (string Name, string Value)[] labels)
        => Of(name).Where(sample => labels.All(label => sample.Labels.GetValueOrDefault(label.Name) == label.Value))
            .ToList() is [var only] ? only.Value : null;

    [GeneratedRegex(@"^(?<name>[a-z_]+)(\{(?<labels>.*)\})? (?<value>\S+)( \d+)?$", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex("(?<name>[a-z_]+)=\"(?<value>[^\"]*)\"")]
    private static partial Regex Label();
}

/// <summary>One line of an exposition.</summary>
internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);
