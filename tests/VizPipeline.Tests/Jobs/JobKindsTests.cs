using System.Text.Json;
using System.Text.RegularExpressions;
using VizPipeline.Jobs;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Tests.Jobs;

/// <summary>The table of kinds is complete, and no other code knows the list.</summary>
public sealed partial class JobKindsTests
{
    // What a kind needs besides its row: a name, a command, a handler, and a reader of its result.
    private static readonly string[] KnowKinds =
    [
        "src/VizPipeline.Jobs/JobKind.cs", "src/VizPipeline.Jobs/Commands.cs", "src/VizPipeline.Jobs/JobKinds.cs",
        "src/VizPipeline.Catalog/Ingest/ResultIngest.cs",
    ];

    [Fact]
    public void Each_kind_has_a_row_in_the_order_of_the_stages()
    {
        Assert.Equal(Enum.GetValues<JobKind>(), JobKinds.All.Select(row => row.Kind));
        Assert.All(JobKinds.All, row => Assert.All(row.Dependencies, dependency => Assert.True(dependency.Kind < row.Kind)));
        Assert.Equal([JobKind.Sheet], JobKinds.Summaries);
    }

    [Fact]
    public void Each_kind_has_one_command_and_one_handler()
    {
        var commands = JobKinds.All.Select(row => row.CommandType.Name).Order().ToList();
        Assert.Equal(typeof(JobCommand).Assembly.GetTypes().Where(type => type.BaseType == typeof(JobCommand)).Select(
            type => type.Name).Order(), commands);
        var handled = typeof(IJobHandler).Assembly.GetTypes().Where(type => type.IsClass)
            .SelectMany(type => type.GetInterfaces()).Where(type => type.IsGenericType
                && type.GetGenericTypeDefinition() == typeof(IJobHandler<>))
            .Select(type => type.GetGenericArguments()[0].Name).Order();
        Assert.Equal(commands, handled);
    }

    [Fact]
    public void No_other_source_file_knows_the_list()
    {
        var names = new Regex(
            $@"JobKind\.(?:{string.Join('|', Enum.GetNames<JobKind>())})\b"
            + $@"|\b(?:{string.Join('|', JobKinds.All.Select(row => row.CommandType.Name))})\b");
        var lists = new Regex($"(?i){string.Join("[^a-z]{1,6}", JobKinds.Names.Take(3))}");
        var sources = Directory.EnumerateFiles(Repository.Path("src"), "*.*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".cs" or ".razor" or ".js")
            .Select(file => Path.GetRelativePath(Repository.Path(), file))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)).ToList();
        Assert.True(sources.Count > 100);
        foreach (var file in sources.Except(KnowKinds))
        {
            // Skip comments, which may mention an example.
            var code = string.Join(
                '\n', File.ReadLines(Repository.Path(file)).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)));
            var known = names.Matches(code).Select(match => match.Value).Distinct().ToList();
            // A handler knows its own command; the sheet's handler also knows the commands whose pictures it shows.
            Assert.True(
                known.Count <= 2 || file.Contains("/Jobs/RenderSheetHandler", StringComparison.Ordinal),
                $"{file} knows {string.Join(", ", known)}");
            Assert.DoesNotMatch(lists, code);
        }
    }

    [Fact]
    public void Chart_and_documents_have_the_kinds_of_the_table()
    {
        var schema = JsonDocument.Parse(Repository.Read("helm", "viz-pipeline", "values.schema.json")).RootElement.GetRawText();
        var all = JobKinds.Names.Append("live").ToList();
        Assert.Contains($"\"enum\": [{string.Join(", ", all.Select(name => $"\"{name}\""))}]", schema);
        Assert.Contains($"\n{string.Join(' ', all)}\n", Repository.Read("helm", "viz-pipeline", "templates", "_kinds.tpl"));
        Assert.Contains(string.Join(", ", all.Select(name => $"`{name}`")), Repository.Read("helm", "viz-pipeline", "README.md"));
        var cluster = Repository.Read("docs", "cluster.md");
        Assert.Contains($"`{string.Join(',', all)}`", cluster);
        foreach (var row in JobKinds.All)
        {
            var before = row.Dependencies.Count == 0 ? "nothing" : string.Join(
                ", ", row.Dependencies.Select(dependency => $"`{dependency.Kind.Name()}`"));
            Assert.Contains($"| `{row.Name}` | {row.Summary} | {row.Unit} | {before} |\n", cluster);
        }
    }

    [Fact]
    public void A_failed_gather_says_what_it_is_about()
    {
        var spec = SpecSamples.Small();
        var gather = new GatherShards(spec.Id, 1, 1, Layer: 0, Part: 0, FirstShard: 3, EndShard: 6);
        Assert.Equal($"{spec.Layers[0].Name} shards 3 to 5", JobKinds.Get(gather).DescribeJob(spec, gather));
    }
}
