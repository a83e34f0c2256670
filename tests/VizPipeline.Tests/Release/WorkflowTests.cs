using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using VizPipeline.Tests.Deployment;

namespace VizPipeline.Tests.Release;

/// <summary>GitHub's workflows, which only GitHub runs: what can be wrong with them without being seen.</summary>
public sealed partial class WorkflowTests
{
    private static readonly string Folder = Repository.Path(".github", "workflows");

    public static TheoryData<string> Workflows => [.. Directory.GetFiles(Folder).Select(file => Path.GetFileName(file)!)];

    [Theory, MemberData(nameof(Workflows))]
    public void Actions_of_others_are_pinned_by_commit_and_say_which_version_that_is(string file)
    {
        var uses = File.ReadAllLines(Path.Combine(Folder, file)).Where(line => Uses().IsMatch(line)).ToList();
        Assert.NotEmpty(uses);
        Assert.All(uses, line => Assert.Matches(@"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line));
        Assert.Equal(uses.Count, Jobs(file).Sum(job => Steps(job.Value).Count(step => step["uses"] is not null)));
    }

    [Fact]
    public void An_action_has_one_version_everywhere()
    {
        var versions = Directory.GetFiles(Folder).SelectMany(File.ReadAllLines).Where(line => Uses().IsMatch(line))
            .Select(line => line[(line.IndexOf("uses:", StringComparison.Ordinal) + 6)..].Split('@')).Distinct(
                EqualityComparer<string[]>.Create((a, b) => a!.SequenceEqual(b!), a => a[0].GetHashCode(StringComparison.Ordinal)));
        Assert.All(versions.GroupBy(version => version[0]), group => Assert.Single(group));
    }

    [Theory, MemberData(nameof(Workflows))]
    public void Rights_are_to_read_unless_a_job_says_what_it_writes(string file)
    {
        var workflow = Yaml.Read(Path.Combine(Folder, file));
        Assert.Equal("""{"contents":"read"}""", workflow["permissions"]!.ToJsonString());
        foreach (var (name, job) in Jobs(file))
        {
            string[] written = [.. (job!["permissions"] as JsonObject ?? []).Where(right => (string?)right.Value == "write").Select(
                right => right.Key).Order()];
            string[] allowed = (file, name) switch
            {
                ("release.yml", "files") => ["attestations", "id-token"],
                ("release.yml", "images") => ["packages"],
                ("release.yml", "publish") => ["contents", "packages"],
                _ => [],
            };
            Assert.Equal(allowed, written);
        }
    }

    [Theory, MemberData(nameof(Workflows))]
    public void Jobs_need_jobs_that_exist_and_end_by_themselves(string file)
    {
        var jobs = Jobs(file);
        foreach (var (name, job) in jobs)
        {
            string[] needs = job!["needs"] switch
            {
                JsonArray list => [.. list.Select(need => (string)need!)],
                { } one => [(string)one!],
                null => [],
            };
            Assert.All(needs, need => Assert.True(jobs.ContainsKey(need) && need != name, $"{name} needs {need}"));
            Assert.InRange((long)job["timeout-minutes"]!, 1, 180);
        }
    }

    [Theory, MemberData(nameof(Workflows))]
    public void Scripts_exist_and_can_be_executed(string file)
    {
        var scripts = Runs(file).SelectMany(run => Script().Matches(run).Select(match => match.Value)).Distinct().ToList();
        Assert.NotEmpty(scripts);
        Assert.All(scripts, script =>
        {
            var path = Repository.Path(script.Split('/'));
            Assert.True(File.Exists(path), script);
            Assert.True(!OperatingSystem.IsLinux() || File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute), script);
        });
    }

    // What a stranger may choose, such as a branch's name, must not become a part of a command.
    [Theory, MemberData(nameof(Workflows))]
    public void Commands_take_values_from_variables_only(string file) =>
        Assert.All(Runs(file), run => Assert.DoesNotContain("${{", run, StringComparison.Ordinal));

    [Fact]
    public void Every_script_of_a_release_is_called()
    {
        var called = Runs("release.yml").SelectMany(run => Script().Matches(run).Select(match => match.Value)).ToHashSet();
        foreach (var script in Directory.GetFiles(Repository.Path("deploy", "release")))
            Assert.Contains("deploy/release/" + Path.GetFileName(script), called);
    }

    [Fact]
    public void A_release_is_tested_first_and_published_last()
    {
        var jobs = Jobs("release.yml");
        Assert.All(jobs.Where(job => job.Key != "test"), job => Assert.NotNull(job.Value!["needs"]));
        Assert.Contains(Steps(jobs["test"]), step => ((string?)step["run"])?.EndsWith("tests/run", StringComparison.Ordinal) == true);
        Assert.Equal("""["files","images"]""", jobs["publish"]!["needs"]!.ToJsonString());
        Assert.Equal("""{"push":{"tags":["v*"]}}""", Yaml.Read(Path.Combine(Folder, "release.yml"))["on"]!.ToJsonString());
    }

    [Fact]
    public void Dependabot_watches_packages_bases_and_actions()
    {
        var updates = Yaml.Read(Repository.Path(".github", "dependabot.yml"))["updates"]!.AsArray();
        Assert.Equal(["docker", "github-actions", "nuget"], updates.Select(update => (string)update!["package-ecosystem"]!).Order());
        Assert.All(updates, update => Assert.True(Directory.Exists(Repository.Root + (string)update!["directory"]!)));
    }

    private static JsonObject Jobs(string file) => Yaml.Read(Path.Combine(Folder, file))["jobs"]!.AsObject();

    private static IEnumerable<JsonNode> Steps(JsonNode? job) => job!["steps"]!.AsArray().Select(step => step!);

    private static List<string> Runs(string file) =>
        [.. Jobs(file).SelectMany(job => Steps(job.Value)).Select(step => (string?)step["run"]).OfType<string>()];

    [GeneratedRegex(@"^\s*(- )?uses:")]
    private static partial Regex Uses();

    [GeneratedRegex(@"(?<![\w/])(deploy|tests)/[\w./-]*\w")]
    private static partial Regex Script();
}
