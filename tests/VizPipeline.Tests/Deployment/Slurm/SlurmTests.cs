using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using VizPipeline.Sample.Model;
using VizPipeline.Sample.Pictures;
using VizPipeline.Tests.Cluster;
using VizPipeline.Tests.Containers;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Deployment.Slurm;

/// <summary>Runs the commands of docs/slurm.md on a real Slurm of one node, with this machine's PostgreSQL and RabbitMQ.</summary>
[Collection(ClusterProcesses.Name)]
[Trait("Speed", "Slow")]
public sealed partial class SlurmTests(ITestOutputHelper output) : IAsyncDisposable
{
    private const string Page = "slurm.md";
    private static readonly TestServer Slurm = new("slurm", "lab");
    private readonly string _lab = Directory.CreateDirectory(Path.Combine("/tmp", $"viz-slurm-{Environment.ProcessId}")).FullName;
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private Dictionary<string, string> _variables = [];
    private long _began = Stopwatch.GetTimestamp();

    [Fact]
    public async Task The_walk_through_makes_the_atlas_while_workers_are_cancelled_and_reach_their_wall_time()
    {
        foreach (var server in (string[])["postgres", "rabbitmq"])
            Assert.SkipUnless(
                (await Helm.Execute("bash", [Repository.Path("tests", "servers", $"{server}.sh"), "check"], [])).ExitCode == 0,
                $"{server} is not installed: tests/servers/install.sh brings it");
        await Slurm.StartAsync();
        await PrepareLabAsync();
        var commands = MarkdownCommands.Of("From a login node to an overnight atlas", "docs", Page).Select(Here).ToList();
        var (place, publish) = (Take("export VIZ_HOME"), Take("deploy/publish"));
        Assert.Contains(publish, line => line.Contains("VizPipeline.Worker", StringComparison.Ordinal));

        Assert.Contains("coordinator http://127.0.0.1", await ShellAsync([.. place, .. Take("deploy/slurm/viz-slurm up")]));
        Assert.Equal(
            "", await Shell.RunAsync(
                _lab, _variables, "find viz/secrets \\( -type f ! -perm 600 \\) -o \\( -type d ! -perm 700 \\)", TimeSpan.FromMinutes(1)));

        // One minute is the shortest wall time; Slurm sends the signal up to a minute early.
        var submitted = await ShellAsync([.. place, .. Take("deploy/slurm/viz-slurm workers").Select(
            line => TimeLimit().Replace(WorkerCount().Replace(line, "workers 2"), "--time=1"))]);
        var job = JobNumber().Match(submitted).Groups[1].Value;
        var follow = Take("viz status");
        await ShellAsync([.. place, .. Take("eval"), .. Take("viz submit")]);
        await WorkingAsync(job, 2);
        await ShellAsync([$"scancel {job}_2"]);
        await UntilAsync(
            "the cancelled worker is told to end", async ()
                => (await LogAsync(job, 2)).Contains($"worker {job}_2 is told to end", StringComparison.Ordinal));
        var starts = Starts(await LogAsync(job, 2));
        await UntilAsync(
            "the other worker begins again", async () => (await LogAsync(job, 1)).Contains(", start 2", StringComparison.Ordinal));
        Assert.Contains("the wall time is near", await LogAsync(job, 1));
        Assert.Equal(starts, Starts(await LogAsync(job, 2)));

        // With a minute each, half of which is Slurm's notice, a busy machine would never complete an ascent.
        await ShellAsync([.. place, .. Take("deploy/slurm/viz-slurm workers").Select(line => WorkerCount().Replace(line, "workers 1"))]);
        await ShellAsync([.. place, .. Take("eval"), .. follow]);
        await CompareAsync();
        Assert.Contains("running", await ShellAsync([.. place, .. Take("deploy/slurm/viz-slurm status")]));
        await ShellAsync([.. place, .. Take("deploy/slurm/viz-slurm down")]);
        Assert.DoesNotContain(
            " running", (await ShellAsync([.. place, "deploy/slurm/viz-slurm status"]))
                .Replace("not running", "stopped", StringComparison.Ordinal));

        List<string> Take(string beginning)
        {
            var found = commands.Where(line => line.StartsWith(beginning, StringComparison.Ordinal)).ToList();
            Assert.True(found.Count > 0, $"docs/{Page} has no command that begins with '{beginning}'");
            return found;
        }
    }

    public static TheoryData<string, string, string> Faults => new()
    {
        { "up", "VIZ_HOME=", "set VIZ_HOME to a folder that all nodes see" },
        { "up", "VIZ_HOME=lab", "VIZ_HOME is 'lab'; give the whole path" },
        { "up", "VIZ_PORT=80", "VIZ_PORT is '80'; give the first of ten free ports" },
        { "up", "VIZ_PROGRAMS=/nowhere", "there is no program VizPipeline.Coordinator in /nowhere" },
        { "up", "VIZ_SIF=/nowhere.sif PATH=/usr/bin:/bin", "VIZ_SIF is set and there is no apptainer" },
        { "workers 2", "", "run viz-slurm up first" },
        { "workers none", "", "how many workers?" },
        { "env", "", "run viz-slurm up first" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task What_is_wrong_is_said_in_one_line(string command, string setting, string told)
    {
        Assert.SkipUnless(
            (await Helm.Execute("bash", [Repository.Path("tests", "servers", "rabbitmq.sh"), "check"], [])).ExitCode == 0,
            "rabbitmq is not installed");
        var script =
            $"export VIZ_HOME={_lab}/viz VIZ_PORT=29990 VIZ_PROGRAMS={AppContext.BaseDirectory}; "
            + $"{(setting.Length > 0 ? $"export {setting}; " : "")}'{Script}' {command}";
        var (exitCode, _, error) = await Helm.Execute("bash", ["-c", script], []);
        Assert.Equal(2, exitCode);
        Assert.Contains(told, error);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public async Task The_image_is_defined_from_the_folder_that_the_page_publishes()
    {
        var definition = Repository.Read("deploy", "slurm", "viz-pipeline.def");
        var script = await File.ReadAllTextAsync(Script, _cancellation);
        foreach (var name in (string[])["Coordinator", "Worker", "Atlas"])
        {
            Assert.Contains($"/opt/viz/{name}/VizPipeline.{name}", definition);
            Assert.Contains(
                MarkdownCommands.Of("From a login node to an overnight atlas", "docs", Page),
                line => line.StartsWith($"deploy/publish VizPipeline.{name} ", StringComparison.Ordinal)
                    && line.Split(' ')[2].EndsWith($"/programs/{name}", StringComparison.Ordinal));
        }
        Assert.Contains("\"/opt/viz/${1#VizPipeline.}/$1\"", script);
    }

    public async ValueTask DisposeAsync()
    {
        if (_variables.Count > 0 && Directory.Exists(Path.Combine(_lab, "viz")))
        {
            if (TestContext.Current.TestState?.Result == TestResult.Failed)
                output.WriteLine(
                    await Shell.RunAsync(_lab, _variables, $"squeue; tail -n 30 {_lab}/viz/logs/*.log", TimeSpan.FromMinutes(1)));
            await Shell.RunAsync(_lab, _variables, $"VIZ_HOME={_lab}/viz '{Script}' down || true", TimeSpan.FromMinutes(2));
        }
        if (_variables.Count > 0)
            await Slurm.RunAsync("stop");
        Directory.Delete(_lab, recursive: true);
    }

    private static string Script => Repository.Path("deploy", "slurm", "viz-slurm");

    private async Task PrepareLabAsync()
    {
        // If the test runs as root, PostgreSQL's user must be able to enter the folder.
        await Shell.RunAsync(_lab, _variables, "chmod 755 .", TimeSpan.FromMinutes(1));
        File.Move(SampleNetwork.WriteTo(_lab), Path.Combine(_lab, "model.onnx"));
        PictureFolder.Generate(Path.Combine(_lab, "photos"), 60, seed: 7);
        _variables = new Dictionary<string, string>
        {
            ["SLURM_CONF"] = Path.Combine("/tmp", $"viz-servers-{Environment.ProcessId}", "lab-slurm", "slurm.conf"),
            ["VIZ_PORT"] = $"{TestServer.FreePorts(10)}",
            ["VIZ_HOST"] = "127.0.0.1",
            ["VIZ_NOTICE"] = "30",
            ["VIZ_PROGRAMS"] = AppContext.BaseDirectory,
            ["VIZ_WORKER_CACHE"] = Path.Combine(_lab, "cache"),
            ["VIZ_CACHE"] = Path.Combine(_lab, "cache"),
        };
    }

    // Fewer steps, because the atlas is built twice.
    private string Here(string line) => line.Replace("/shared/lab", _lab, StringComparison.Ordinal)
        .Replace("--ascent-steps 100", "--ascent-steps 20", StringComparison.Ordinal);

    private async Task<string> ShellAsync(IEnumerable<string> lines)
    {
        var script = $$"""
            set -euo pipefail
            cd '{{Repository.Root}}'
            viz() { '{{Path.Combine(AppContext.BaseDirectory, "viz")}}' "$@"; }
            {{string.Join('\n', lines)}}
            """;
        var text = await Shell.RunAsync(_lab, _variables, script, TimeSpan.FromMinutes(5));
        Told(string.Join(" && ", lines.Where(line => !line.StartsWith("export", StringComparison.Ordinal))));
        return text;
    }

    private async Task<string> LogAsync(string job, int task)
    {
        var file = Path.Combine(_lab, "viz", "logs", $"worker-{job}_{task}.log");
        return File.Exists(file) ? await File.ReadAllTextAsync(file, _cancellation) : "";
    }

    // The worker logs this when it opens its first atlas.
    private async Task WorkingAsync(string job, int workers)
    {
        foreach (var task in Enumerable.Range(1, workers))
            await UntilAsync(
                $"worker {task} works", async () => (await LogAsync(job, task)).Contains("Opened atlas", StringComparison.Ordinal));
    }

    private async Task UntilAsync(string what, Func<Task<bool>> isSo)
    {
        for (var limit = Stopwatch.StartNew(); !await isSo(); await Task.Delay(200, _cancellation))
            Assert.True(limit.Elapsed < TimeSpan.FromMinutes(4), $"not within 4 minutes: {what}");
        Told(what);
    }

    private async Task CompareAsync()
    {
        var submit = MarkdownCommands.Of("From a login node to an overnight atlas", "docs", Page)
            .Single(line => line.StartsWith("viz submit", StringComparison.Ordinal));
        await ShellAsync([$"{Here(submit).Replace("viz submit", "viz run", StringComparison.Ordinal)} --device cpu --out {_lab}/embedded"]);
        var expected = Rows(await ShellAsync([$"viz query {_lab}/embedded --limit 10000 --format csv"]));
        var actual = Rows(await ShellAsync([
            $"viz query http://127.0.0.1:{int.Parse(_variables["VIZ_PORT"], CultureInfo.InvariantCulture) + 2}/atlases/model "
            + "--limit 10000 --format csv"]));
        Assert.True(expected.Count > 100, $"{expected.Count} rows");
        Assert.Equal(expected.Count, actual.Count);
        // Shards are cut by the number of workers, and the last digits of sums depend on the shards.
        foreach (var (left, right) in expected.Zip(actual))
        {
            Assert.Equal(left.Length, right.Length);
            foreach (var (one, other) in left.Zip(right))
                Assert.True(
                    one == other || (
                        double.TryParse(one, CultureInfo.InvariantCulture, out var a)
                            && double.TryParse(other, CultureInfo.InvariantCulture, out var b)
                            && Math.Abs(a - b) <= 1e-4 * Math.Max(1, Math.Abs(a))),
                    $"{string.Join(',', left)}\n{string.Join(',', right)}: {one} is not {other}");
        }
        var pictures = Pictures(Path.Combine(_lab, "embedded"));
        Assert.True(pictures.Count > 100, $"{pictures.Count} pictures");
        Assert.Equal(pictures, Pictures(Path.Combine(_lab, "viz", "store", "atlases", "model")));
    }

    private static int Starts(string log) => log.Split(" begins on ").Length - 1;

    private static List<string> Pictures(
        string atlas) => [.. Directory.EnumerateFiles(atlas, "*.png", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(atlas, file)).Order(StringComparer.Ordinal)];

    private static List<string[]> Rows(
        string csv) => [.. csv.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim().Split(','))
            .OrderBy(cells => cells[0] + cells[1].PadLeft(6), StringComparer.Ordinal)];

    private void Told(string step)
    {
        output.WriteLine($"{Stopwatch.GetElapsedTime(_began).TotalSeconds,6:F1} s  {step}");
        _began = Stopwatch.GetTimestamp();
    }

    [GeneratedRegex(@"workers \d+")]
    private static partial Regex WorkerCount();

    [GeneratedRegex(@"--time=\S+")]
    private static partial Regex TimeLimit();

    [GeneratedRegex(@"as job (\d+)")]
    private static partial Regex JobNumber();
}
