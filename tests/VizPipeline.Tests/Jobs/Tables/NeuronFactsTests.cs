using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.Catalog;

namespace VizPipeline.Tests.Jobs;

public sealed partial class NeuronFactsTests
{
    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task Every_statistic_is_a_column_of_the_catalog(Engine engine)
    {
        await using var catalog = await CatalogFixture.On(engine);
        await using var context = catalog.Database.Open();
        var entity = context.Model.FindEntityType(typeof(Neuron))!;
        var table = StoreObjectIdentifier.Table(entity.GetTableName()!, entity.GetSchema());
        Assert.Equal(
            NeuronFacts.Statistics.Select(statistic => statistic.Column),
            NeuronFacts.Statistics.Select(statistic => entity.FindProperty(statistic.Property.Name)?.GetColumnName(table)));
    }

    [Fact]
    public void All_statistics_are_copied_and_undefined_numbers_become_null()
    {
        var row = new NeuronRow { Layer = 1, Channel = 2 };
        foreach (var statistic in NeuronFacts.Statistics)
            statistic.Property.SetValue(row, Sample(statistic.Property.PropertyType));
        var copy = new Neuron();
        row.CopyTo(copy);
        Assert.All(NeuronFacts.Statistics, statistic => Assert.Equal(statistic.Read(row), statistic.Read(copy)));

        row.Mean = double.NaN;
        row.Max = double.PositiveInfinity;
        row.CopyTo(copy);
        Assert.Null(copy.Mean);
        Assert.Equal(double.PositiveInfinity, copy.Max);
    }

    [Fact]
    public void A_table_of_neurons_is_read_as_it_was_written()
    {
        var row = new NeuronRow { Layer = 1, Channel = 2 };
        foreach (var statistic in NeuronFacts.Statistics)
            statistic.Property.SetValue(row, Sample(statistic.Property.PropertyType));
        var table = VizJson.Read<LayerTable>(VizJson.Write(new LayerTable(1, [row], [])));
        Assert.All(NeuronFacts.Statistics, statistic => Assert.Equal(statistic.Read(row), statistic.Read(table.Neurons.Single())));
    }

    [Theory]
    [InlineData("methods.md", "## 5. Statistics per neuron")]
    [InlineData("results.md", "- `neurons`: ")]
    public void Every_statistic_is_documented(string page, string start)
    {
        var text = Repository.Read("docs", page);
        var section = text[text.IndexOf(start, StringComparison.Ordinal)..];
        section = section[..(section.IndexOf("\n\n**", StringComparison.Ordinal) is var end and > 0 ? end : section.Length)];
        var words = Word().Matches(section).Select(match => match.Value).ToHashSet();
        // methods.md defines the histogram with its bounds.
        string[] part = page == "methods.md" ? ["images", "histogram_low", "histogram_high"] : [];
        Assert.Superset(NeuronFacts.Statistics.Select(statistic => statistic.Name).Except(part).ToHashSet(), words);
    }

    private static object Sample(Type type) =>
        type == typeof(int?) ? 7 : type == typeof(double?) ? 0.25 : type == typeof(bool?) ? true
        : type == typeof(int[]) ? new[] { 3, 1, 2 } : throw new NotSupportedException($"a statistic of {type}");

    [GeneratedRegex("[a-z_0-9]+")]
    private static partial Regex Word();
}
