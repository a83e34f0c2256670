using System.Text.Json;
using VizPipeline.Atlas.Export;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Tests <c>viz query</c> on a folder.</summary>
public sealed class QueryCommandTests : IDisposable
{
    private readonly AtlasFolder _atlas = new();

    public void Dispose() => _atlas.Dispose();

    [Fact]
    public async Task Neurons_come_as_a_table_as_CSV_and_as_JSON_lines()
    {
        await (await _atlas.PlanAsync()).CompleteAsync(group => group.Kind == JobKind.Merge);
        var table = (await CommandLineRun.RunAsync("query", _atlas.Path, "--sort=-max", "--limit", "3")).Succeeded();
        Assert.Contains("class_selectivity", table.Output);
        var csv = (await CommandLineRun.RunAsync("query", _atlas.Path, "--format", "csv", "--limit", "100")).Succeeded();
        Assert.StartsWith(string.Join(',', NeuronExport.Table.Columns.Select(column => column.Name)) + "\n", csv.Output);
        Assert.Equal(
            1 + AtlasFolder.Spec.Layers.Sum(layer => layer.Channels), csv.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        var json =
            (await CommandLineRun.RunAsync(
                "query", _atlas.Path, "--format", "json", "--layer", "conv*", "--where", "max>0", "--sort=-max", "--limit", "2"))
                .Succeeded();
        var rows = json.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
            .ToList();
        Assert.Equal(2, rows.Count);
        Assert.All(rows, row => Assert.Equal("conv1", row.GetProperty("layer").GetString()));
        Assert.True(rows[0].GetProperty("max").GetDouble() >= rows[1].GetProperty("max").GetDouble());
        Assert.Contains(
            "no matching neurons", (await CommandLineRun.RunAsync("query", _atlas.Path, "--where", "max>1e9")).Succeeded().Output);
    }

    [Fact]
    public async Task What_makes_no_sense_is_one_line()
    {
        await _atlas.PlanAsync();
        (await CommandLineRun.RunAsync("query", _atlas.Path, "--where", "size>1")).ComplainedOf("where: there is no statistic 'size'");
        (await CommandLineRun.RunAsync("query", _atlas.Path, "--layer", "conv9")).ComplainedOf("has no layer 'conv9'; it has conv1");
        (await CommandLineRun.RunAsync("query", _atlas.Path, "--sort", "size")).ComplainedOf("sort: there is no statistic 'size'");
        (await CommandLineRun.RunAsync("query", _atlas.Path, "--dead", "maybe")).ComplainedOf("--dead must be yes or no");
        (await CommandLineRun.RunAsync("query", _atlas.Path, "--format", "xml")).ComplainedOf("--format 'xml' is unknown");
        (await CommandLineRun.RunAsync("query", _atlas.Path, "--pictures", "selfie")).ComplainedOf("--pictures 'selfie' is unknown");
        (await CommandLineRun.RunAsync("query", "http://127.0.0.1:1/somewhere")).ComplainedOf("is not the address of an atlas");
        (await CommandLineRun.RunAsync("query", "no-such-folder")).ComplainedOf("does not exist");
    }
}
