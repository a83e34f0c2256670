using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using VizPipeline.Catalog;
using VizPipeline.Sample.Model;
using VizPipeline.Sample.Pictures;

namespace VizPipeline.Tests.Containers;

/// <summary>
/// Builds the images and starts docker-compose.yml with the commands of README, docs/cluster.md and docs/install.md, unchanged.
/// </summary>
[Collection(Name)]
[Trait("Speed", "Slow")]
public sealed class ContainerTests(ITestOutputHelper output) : IAsyncDisposable
{
    public const string Name = "containers";
    private static readonly string[] Services = ["worker", "coordinator", "rabbitmq", "postgres", "objectstore", "atlas"];
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    // Readable for the containers' users, unlike root's own folders.
    private readonly string _folder = Directory.CreateTempSubdirectory("viz-checkout-").FullName;
    private IReadOnlyDictionary<string, string> _variables = new Dictionary<string, string>();
    private long _began = Stopwatch.GetTimestamp();

    [Fact]
    public async Task What_README_and_the_documents_say_builds_an_atlas_that_kills_restarts_and_upgrades_do_not_change()
    {
        _variables = await DockerEngine.VariablesAsync();
        Told($"engine and base images ({_variables["VIZ_BASES"]})");
        await CheckOutAsync();

        // README: from a clone to an atlas. The second worker is configured in .env.
        var readme = MarkdownCommands.Of("On a cluster", "README.md");
        foreach (var line in readme.TakeWhile(line => !line.StartsWith("docker compose up", StringComparison.Ordinal)))
            await ShellAsync(line);
        await File.AppendAllTextAsync(
            Path.Combine(_folder, ".env"), "VIZ_WORKERS=2\nVIZ_WORKER_CPUS=1\nVIZ_WORKER_MEMORY=4g\n", _cancellation);
        // Remove the containers of an earlier run that was killed.
        await ShellAsync("docker compose down --volumes --timeout 5");
        var rest = await ShellAsync([.. readme.SkipWhile(line => !line.StartsWith("docker compose up", StringComparison.Ordinal))]);
        Assert.Contains("Planned atlas 'model'", rest);
        Assert.Contains("Atlas 'model': completed", rest);
        var workers = await ShellAsync("docker compose run --rm viz workers");
        Assert.Equal(2, workers.Split('\n').Count(line => line.Contains(" cpu ", StringComparison.Ordinal)));
        await ShellAsync("viz run --model models/model.onnx --images photos --preprocess imagenet --methods top9,deconv --out embedded");
        await CompareAsync("model");

        // docs/cluster.md: the same from inside the containers, while each of them is killed once.
        var documented = MarkdownCommands.Of("From nothing to an overnight run, with compose", "docs", "cluster.md");
        var submit = documented.Single(line => line.Contains("viz submit", StringComparison.Ordinal));
        await ShellAsync(submit.Split("  #")[0].TrimEnd() + " --name killed");
        foreach (var service in Services)
            await KillAsync(service);
        await WatchAsync(documented.Single(line => line.Contains("viz status", StringComparison.Ordinal))
            .Replace("status model", "status killed", StringComparison.Ordinal));
        await CompareAsync("killed");

        // docs/install.md: the image of `viz` without a checkout.
        var install = MarkdownCommands.Of(
            "Container", "docs", "install.md").Where(line => line.StartsWith(
                "docker run", StringComparison.Ordinal)).Select(line => line.Replace("OWNER", "owner", StringComparison.Ordinal)).ToList();
        await ShellAsync("docker tag viz-pipeline/viz:0.1.0 ghcr.io/owner/viz-pipeline/viz:0.1.0", "cp models/model.onnx .");
        Assert.Contains("libtorch", await ShellAsync(install.Single(line => line.EndsWith(" doctor", StringComparison.Ordinal))));
        await ShellAsync(install.Single(line => line.Contains(" run --model", StringComparison.Ordinal)) + " --methods top9");
        Assert.True(File.Exists(Path.Combine(_folder, "atlas", "sheets", "conv1.png")));

        // Prometheus finds every service and logs no errors. Its port is internal.
        await ShellAsync("docker compose up -d --wait prometheus", "sleep 40");
        var targets = await ShellAsync("docker compose exec -T prometheus wget -q -O - http://127.0.0.1:9090/api/v1/targets");
        foreach (var job in (string[])["viz-coordinator", "viz-atlas", "viz-worker", "rabbitmq"])
            Assert.Matches($"\"job\":\"{job}\"", targets);
        Assert.DoesNotContain("\"health\":\"down\"", targets);
        Assert.DoesNotMatch("(?i)level=error|level=warn.*dns", await ShellAsync("docker compose logs prometheus"));

        // Down and up again: all data is in the volumes.
        await ShellAsync("docker compose down", "docker compose up -d --wait");
        await CompareAsync("model");
        foreach (var service in Services)
        {
            var restarts = await ShellAsync($"docker inspect --format '{{{{.RestartCount}}}}' $(docker compose ps -q {service})");
            Assert.All(
                restarts.Split('\n', StringSplitOptions.RemoveEmptyEntries),
                    count => Assert.True(count.Trim() == "0", $"{service} was restarted {count} times: {restarts}"));
        }

        // A database of the previous version.
        await ShellAsync("docker compose down --volumes", "docker compose up -d --wait postgres");
        await File.WriteAllTextAsync(Path.Combine(_folder, "previous.sql"), PreviousSchema(), _cancellation);
        await ShellAsync(
            "docker compose exec -T postgres psql -q -v ON_ERROR_STOP=1 -U viz -d viz < previous.sql", "docker compose up -d --wait");
        Assert.Contains("is up to date", await ShellAsync("docker compose logs migrate"));
        Assert.Contains("There is no atlas yet", await ShellAsync("curl -fsS http://localhost:8082/"));
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(_folder, ".env")))
        {
            if (TestContext.Current.TestState?.Result == TestResult.Failed)
                output.WriteLine(
                    await Shell.RunAsync(
                        _folder, _variables, "docker compose ps -a; docker compose logs --tail 60", TimeSpan.FromMinutes(1)));
            await Shell.RunAsync(_folder, _variables, "docker compose down --volumes --timeout 5", TimeSpan.FromMinutes(3));
        }
        Directory.Delete(_folder, recursive: true);
    }

    // Clones the current state, and creates two folders of the user.
    private async Task CheckOutAsync()
    {
        await Shell.RunAsync(
            Repository.Root, _variables,
            $"git ls-files -z --cached --others --exclude-standard | xargs -0 ls -d 2>/dev/null | tar -c -T - | tar -x -C '{_folder}'",
            TimeSpan.FromMinutes(1));
        File.Move(SampleNetwork.WriteTo(Path.Combine(_folder, "models")), Path.Combine(_folder, "models", "model.onnx"));
        PictureFolder.Generate(Path.Combine(_folder, "photos"), 120, seed: 7);
        await ShellAsync("chmod -R a+rX . && chmod 755 .");
    }

    private Task<string> ShellAsync(params string[] lines) => ShellAsync(TimeSpan.FromMinutes(20), lines);

    private async Task<string> ShellAsync(TimeSpan limit, params string[] lines)
    {
        // `viz` is the alias from the README. Exported variables are kept for later lines.
        var script = $$"""
            set -euo pipefail
            viz() { '{{Path.Combine(AppContext.BaseDirectory, "viz")}}' "$@"; }
            if [[ -f exported ]]; then source exported; fi
            {{string.Join('\n', lines)}}
            export -p | grep -E ' VIZ_(COORDINATOR|API_KEY)=' > exported || true
            """;
        var variables = new Dictionary<string, string>(_variables) { ["VIZ_CACHE"] = Path.Combine(_folder, "cache") };
        var text = await Shell.RunAsync(_folder, variables, script, limit);
        Told(string.Join(" && ", lines));
        return text;
    }

    // Says where each job is and what the services logged last if the atlas is not done in time.
    private async Task WatchAsync(string command)
    {
        const string jobs = "SELECT kind, state, attempt, failures, losses, published, worker, sent_at, started_at, error, count(*) "
            + "FROM job "
            + "WHERE state <> 'completed' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 ORDER BY count(*) DESC LIMIT 8";
        try
        {
            // Alone, two minutes; beside other tests on two cores, two workers may take ten times as long.
            await ShellAsync(TimeSpan.FromMinutes(30), command);
        }
        catch (Exception late)
        {
            var found = await Shell.RunAsync(
                _folder, _variables,
                $"""
                docker compose exec -T postgres psql -At -U viz -d viz -c "{jobs}"
                docker compose run --rm viz workers
                docker stats --no-stream
                docker compose logs --no-log-prefix --tail 8 worker coordinator
                """,
                TimeSpan.FromMinutes(2));
            throw new InvalidOperationException($"{found}\n{late.Message}", late);
        }
    }

    // SIGKILL from outside, like a crash or the out-of-memory killer: Docker restarts the container.
    private async Task KillAsync(string service)
    {
        // Not "head -n 1": it may end before docker has written the second container, and docker then fails.
        var containers = await ShellAsync($"docker compose ps -q {service}");
        var container = containers.Split('\n', StringSplitOptions.RemoveEmptyEntries)[0].Trim();
        await ShellAsync($"kill -KILL $(docker inspect --format '{{{{.State.Pid}}}}' {container})");
        await Task.Delay(TimeSpan.FromSeconds(3), _cancellation);
        await ShellAsync($$$"""
            for _ in $(seq 120); do
                [[ $(docker inspect --format '{{.State.Health.Status}}' {{{container}}}) == healthy ]] && exit 0
                sleep 1
            done
            docker logs --tail 40 {{{container}}}
            exit 1
            """);
        Told($"{service} was killed and is healthy again");
    }

    /// <summary>Checks that the containers' atlas equals that of a single process: neurons, statistics, images and pictures.</summary>
    private async Task CompareAsync(string atlas)
    {
        var expected = Rows(await ShellAsync("viz query embedded --limit 10000 --format csv"));
        var actual = Rows(await ShellAsync($"viz query http://localhost:8082/atlases/{atlas} --limit 10000 --format csv"));
        Assert.True(expected.Count > 100, $"{expected.Count} rows");
        Assert.Equal(expected.Count, actual.Count);
        foreach (var (left, right) in expected.Zip(actual))
        {
            Assert.Equal(left.Length, right.Length);
            foreach (var (one, other) in left.Zip(right))
            {
                if (one != other && !(double.TryParse(one, CultureInfo.InvariantCulture, out var a) && double.TryParse(
                    other, CultureInfo.InvariantCulture, out var b)
                    && Math.Abs(a - b) <= 1e-4 * Math.Max(1, Math.Abs(a))))
                    Assert.Fail($"{string.Join(',', left)}\n{string.Join(',', right)}: {one} is not {other}");
            }
        }
        using var http = new HttpClient { BaseAddress = new Uri("http://localhost:8082") };
        foreach (var path in (string[])[
            $"/atlases/{atlas}", $"/atlases/{atlas}/layers/conv1", $"/atlases/{atlas}/neurons/conv4/3",
            $"/atlases/{atlas}/tiles/conv4/top9/00003.jpg"])
            Assert.True((await http.GetAsync(path, _cancellation)).IsSuccessStatusCode, path);
        var picture = await File.ReadAllBytesAsync(
            Directory.GetFiles(Path.Combine(_folder, "photos"), "*.jpg", SearchOption.AllDirectories)[0], _cancellation);
        var live = await http.PostAsync($"/api/v1/atlases/{atlas}/live/responses?limit=3", new ByteArrayContent(picture), _cancellation);
        Assert.True(live.IsSuccessStatusCode, await live.Content.ReadAsStringAsync(_cancellation));
        Assert.Equal(3, (await live.Content.ReadFromJsonAsync<JsonElement>(_cancellation)).GetProperty("neurons").GetArrayLength());
    }

    private static List<string[]> Rows(
        string csv) => [.. csv.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim().Split(','))
            .OrderBy(cells => cells[0] + cells[1].PadLeft(6), StringComparer.Ordinal)];

    internal static string PreviousSchema()
    {
        using var database = new PostgresCatalogDatabase(new PostgresOptions { Host = "nowhere", Database = "none", User = "nobody" });
        using var catalog = database.Open();
        var migrations = catalog.Database.GetMigrations().ToList();
        return catalog.GetService<IMigrator>().GenerateScript(toMigration: migrations[^2]);
    }

    private void Told(string step)
    {
        output.WriteLine($"{Stopwatch.GetElapsedTime(_began).TotalSeconds,6:F1} s  {step}");
        _began = Stopwatch.GetTimestamp();
    }
}

/// <summary>One Docker project at a time: its ports and names are fixed.</summary>
[CollectionDefinition(ContainerTests.Name)]
public sealed class ContainerCollection;
