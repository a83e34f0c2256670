using System.Globalization;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.EndToEnd;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Cluster;

/// <summary>
/// Coordinators and workers as processes, each under its role's account, with their own database, bucket and virtual host of the broker.
/// Exited processes are restarted.
/// </summary>
public sealed class TestCluster : IAsyncDisposable
{
    private const string Key = "0123456789abcdef0123456789";
    private const string Atlas = "sample-network";
    // Two minutes at least: on a busy machine a worker takes most of one to load libtorch and report.
    private const int PatientAttempts = 600;
    private readonly SampleMaterial _material;
    private readonly PostgresCatalogDatabase _database;
    // For the test itself, which accesses the servers directly.
    private readonly Dictionary<string, string> _plain;
    private readonly List<Func<ServiceProcess>> _starts = [];
    private readonly List<ServiceProcess> _past = [];

    private TestCluster(SampleMaterial material, Dictionary<string, string> settings)
        => (_material, Settings, _plain, _database) = (material, settings, new(settings), DatabaseOf(settings));

    public Dictionary<string, string> Settings { get; }

    /// <summary>The running services: coordinators first, then workers.</summary>
    public List<ServiceProcess> Services { get; } = [];

    public IEnumerable<ServiceProcess> Coordinators => Services.Where(service => service.Program == "VizPipeline.Coordinator");

    public IEnumerable<ServiceProcess> Workers => Services.Where(service => service.Program == "VizPipeline.Worker");

    /// <param name="material">Network and images.</param>
    /// <param name="coordinators">Number of coordinators.</param>
    /// <param name="change">Changes the settings of the services, but not those of the test itself.</param>
    /// <param name="settings">Settings of prepared servers; null to prepare new ones.</param>
    public static async Task<TestCluster> StartAsync(
        SampleMaterial material, int coordinators = 1, Action<Dictionary<string, string>>? change = null,
        Dictionary<string, string>? settings = null)
    {
        settings ??= await ClusterServers.SettingsAsync();
        settings["Http__ApiKeys__0"] = Key;
        settings["VIZ_API_KEY"] = Key;
        settings["VIZ_CACHE"] = material.Out($"cache-{settings["Postgres__Database"]}");
        settings["Worker__ShutdownSeconds"] = "20";
        // Retry as soon as a server is back: a test cannot wait five minutes.
        settings["Coordinator__RetryDelay"] = "00:00:01";
        settings["Coordinator__LongestRetryDelay"] = "00:00:02";
        settings["Worker__Rest"] = "00:00:02";
        var cluster = new TestCluster(material, settings);
        change?.Invoke(settings);
        var port = TestServer.FreePorts(coordinators);
        settings["VIZ_COORDINATOR"] = $"http://127.0.0.1:{port}";
        for (var i = 0; i < coordinators; i++)
            cluster.Add("VizPipeline.Coordinator", ("Http__Port", $"{port + i}"));
        return cluster;
    }

    /// <summary>Adds a worker; its settings are evaluated at each start.</summary>
    public void AddWorker(Func<(string Name, string Value)[]>? settings = null)
        => Add(
            "VizPipeline.Worker",
            () => [
                .. ClusterServers.WorkerSettings.Select(setting => (setting.Key, setting.Value)), ("Http__Port", "0"),
                .. settings?.Invoke() ?? []]);

    public void AddWorkers(int count)
    {
        for (var i = 0; i < count; i++)
            AddWorker();
    }

    /// <summary>Acts as a supervisor: restarts exited services.</summary>
    public void Supervise()
    {
        for (var i = 0; i < Services.Count; i++)
        {
            if (Services[i].IsRunning)
                continue;
            _past.Add(Services[i]);
            Services[i] = _starts[i]();
        }
    }

    /// <summary>Waits until a number of workers have reported.</summary>
    public async Task WaitForWorkersAsync(int count, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await using var catalog = _database.Open();
                if (await catalog.Workers.CountAsync(cancellation) >= count)
                    return;
            }
            catch (Exception failure) when (attempt < PatientAttempts
                && failure is Npgsql.NpgsqlException or InvalidOperationException or CatalogUnusableException)
            {
                // The coordinator has not created the tables yet.
            }
            Assert.True(attempt < PatientAttempts, Logs());
            Supervise();
            await Task.Delay(200, cancellation);
        }
    }

    /// <summary>Submits the sample atlas after waiting for the coordinator.</summary>
    public async Task SubmitAsync(CancellationToken cancellation, string? images = null, int ascentSteps = 4)
    {
        for (var attempt = 0; ; attempt++)
        {
            var (exitCode, output) = await VizAsync(
                cancellation, "submit", "--model", _material.Model, "--images", images ?? _material.Images,
                "--layers", "conv1,conv3,logits", "--ascent-presets", "3",
                "--ascent-steps", $"{ascentSteps}");
            if (exitCode == 0)
                return;
            Assert.True(attempt < 30, output + Logs());
            Supervise();
            await Task.Delay(500, cancellation);
        }
    }

    /// <summary>Runs a user's command against the first coordinator.</summary>
    public async Task<(int ExitCode, string Output)> VizAsync(CancellationToken cancellation, params string[] arguments)
    {
        using var viz = ServiceProcess.Start("viz", Settings, arguments);
        return (await viz.FinishAsync(TimeSpan.FromMinutes(2), cancellation), viz.Log);
    }

    /// <summary>Counts the completed jobs and all jobs; zeros while the database is down.</summary>
    public async Task<(int Done, int All)> ProgressAsync(CancellationToken cancellation)
    {
        try
        {
            await using var catalog = _database.Open();
            var atlas = await catalog.FindAtlasAsync(Atlas, cancellation);
            var counts = await catalog.CountJobsAsync(atlas!.Id, cancellation);
            return (counts.Where(count => count.State == JobState.Completed).Sum(count => count.Jobs), counts.Sum(count => count.Jobs));
        }
        catch (Exception failure) when (_database.IsTransient(failure))
        {
            return default;
        }
    }

    /// <summary>Finds a worker that is running a job, according to the coordinator; null if there is none.</summary>
    public async Task<ServiceProcess?> AtWorkAsync(CancellationToken cancellation)
    {
        await using var catalog = _database.Open();
        var names = await catalog.Jobs.Where(job => job.State == JobState.Running).Select(job => job.Worker).ToListAsync(cancellation);
        return Workers.FirstOrDefault(
            worker => worker.IsRunning && names.Any(name => name!.EndsWith($"-{worker.Id}", StringComparison.Ordinal)));
    }

    /// <summary>Returns the workers that have reported since their start; waits for at least one.</summary>
    public async Task<List<ServiceProcess>> WorkingAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await using var catalog = _database.Open();
            var ids = await catalog.Workers.Select(worker => worker.ProcessId).ToListAsync(cancellation);
            var working = Workers.Where(worker => worker.IsRunning && ids.Contains(worker.Id)).ToList();
            if (working.Count > 0)
                return working;
            Supervise();
            await Task.Delay(100, cancellation);
        }
    }

    /// <summary>Waits until the atlas is finished.</summary>
    public async Task<AtlasState> FinishAsync(CancellationToken cancellation)
    {
        for (var limit = Environment.TickCount64 + 180_000; Environment.TickCount64 < limit; await Task.Delay(100, cancellation))
        {
            Supervise();
            if (await StateAsync(cancellation) is { } state and not AtlasState.Running)
                return state;
        }
        Assert.Fail($"the atlas does not end\n{Logs()}");
        return default;
    }

    /// <summary>Returns the paths of unreadable images, and the errors of failed jobs.</summary>
    public async Task<(string[] Unreadable, string[] Errors)> FaultsAsync(CancellationToken cancellation)
    {
        await using var catalog = _database.Open();
        var atlas = (await catalog.FindAtlasAsync(Atlas, cancellation))!;
        var unreadable = await catalog.UnreadableImagesAsync(atlas.Id, cancellation);
        var failures = await catalog.Jobs.Where(job => job.AtlasId == atlas.Id
            && job.State == JobState.Failed).Select(job => job.Error!).ToArrayAsync(cancellation);
        return ([.. unreadable.Select(image => image.Path)], failures);
    }

    /// <summary>
    /// Returns everything that must not depend on faults during the run: rows of the catalog, and objects with a hash of their bytes.
    /// </summary>
    public async Task<string> ContentsAsync(CancellationToken cancellation)
    {
        using var store = Store();
        var lines = new List<string> { await CatalogFixture.Contents(_database, Atlas) };
        await foreach (var key in store.ListAsync("atlases/", cancellation))
            // The manifest contains times, and is written after everything else; a machine that did no job may be missing.
            if (!key.EndsWith("/manifest.json", StringComparison.Ordinal) && !key.Contains("/machines/", StringComparison.Ordinal))
                lines.Add($"{key} {Convert.ToHexString(SHA256.HashData(await store.GetAsync(key, cancellation)))}");
        return string.Join('\n', lines);
    }

    /// <summary>Waits for the atlas's manifest and returns it.</summary>
    public async Task<AtlasManifest> ManifestAsync(CancellationToken cancellation)
    {
        using var store = Store();
        for (var attempt = 0; ; attempt++)
        {
            if (await store.TryGetAsync(AtlasKeys.Manifest(Atlas), cancellation) is { } bytes)
                return VizJson.Read<AtlasManifest>(bytes);
            Assert.True(attempt < 150, Logs());
            await Task.Delay(200, cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in Services.Concat(_past))
            service.Dispose();
        await _database.DisposeAsync();
    }

    private void Add(string program, params (string, string)[] settings) => Add(program, () => settings);

    private void Add(string program, Func<(string Name, string Value)[]> settings)
    {
        ServiceProcess Start()
        {
            var all = new Dictionary<string, string>(Settings);
            foreach (var (name, value) in settings())
                all[name] = value;
            return ServiceProcess.Start(program, all);
        }
        _starts.Add(Start);
        Services.Add(Start());
    }

    /// <summary>Opens the cluster's bucket.</summary>
    public S3ObjectStore Store() => new(new S3Options
    {
        Endpoint = _plain["ObjectStore__Endpoint"],
        Bucket = Settings["ObjectStore__Bucket"],
        AccessKey = Settings["ObjectStore__AccessKey"],
        SecretKey = Settings["ObjectStore__SecretKey"],
    });

    private string Logs() => string.Join("\n----\n", _past.Concat(Services).Select(service => service.Log));

    // The test is a client, too: it waits while the database is down.
    private async Task<AtlasState?> StateAsync(CancellationToken limit)
    {
        try
        {
            await using var catalog = _database.Open();
            return (await catalog.FindAtlasAsync(Atlas, limit))?.State;
        }
        catch (Exception failure) when (_database.IsTransient(failure))
        {
            return null;
        }
    }

    private static PostgresCatalogDatabase DatabaseOf(Dictionary<string, string> settings) => new(new PostgresOptions
    {
        Host = settings["Postgres__Host"],
        Port = int.Parse(settings["Postgres__Port"], CultureInfo.InvariantCulture),
        Database = settings["Postgres__Database"],
        User = settings["Postgres__User"],
        Password = settings["Postgres__Password"],
    });
}
