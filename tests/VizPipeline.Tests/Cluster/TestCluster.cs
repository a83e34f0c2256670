using VizPipeline.Catalog;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Cluster;

/// <summary>A coordinator and workers as processes, with a database, a bucket and a broker's virtual host of their own.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    private const string Key = "0123456789abcdef0123456789";
    private const string Atlas = "sample-network";
    private readonly SampleMaterial _material;
    private readonly ClusterServers _servers;
    private readonly Dictionary<string, string> _settings;
    private readonly PostgresCatalogDatabase _database;
    private readonly List<ServiceProcess> _processes = [];

    private TestCluster(SampleMaterial material, ClusterServers servers, Dictionary<string, string> settings)
        => (_material, _servers, _settings, _database) = (material, servers, settings, DatabaseOf(settings));

    public ServiceProcess Coordinator { get; private set; } = null!;

    public List<ServiceProcess> Workers { get; } = [];

    public static async Task<TestCluster> StartAsync(SampleMaterial material, ClusterServers servers, int workers)
    {
        await servers.StartAsync();
        var settings = await servers.SettingsAsync();
        settings["Http__ApiKeys__0"] = Key;
        settings["VIZ_API_KEY"] = Key;
        settings["VIZ_CACHE"] = material.Out($"cache-{settings["Postgres__Database"]}");
        settings["Worker__ShutdownSeconds"] = "20";
        // As soon as a server is back: a test has no five minutes.
        settings["Coordinator__RetryDelay"] = "00:00:01";
        settings["Coordinator__LongestRetryDelay"] = "00:00:02";
        var cluster = new TestCluster(material, servers, settings);
        cluster.StartCoordinator();
        for (var i = 0; i < workers; i++)
            cluster.StartWorker();
        return cluster;
    }

    public void StartCoordinator()
    {
        _settings["Http__Port"] = $"{_servers.NextPort()}";
        _settings["VIZ_COORDINATOR"] = $"http://127.0.0.1:{_settings["Http__Port"]}";
        Coordinator = Start("VizPipeline.Coordinator", _settings);
    }

    public void StartWorker()
        => Workers.Add(Start("VizPipeline.Worker", new Dictionary<string, string>(_settings) { ["Http__Port"] = "0" }));

    /// <summary>Submits the sample atlas; waits for the coordinator to be there.</summary>
    public async Task SubmitAsync(CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            var viz = Start(
                "viz", _settings, "submit", "--model", _material.Model, "--images", _material.Images, "--layers", "conv1,conv3,logits", "--ascent-presets", "3",
                "--ascent-steps", "4");
            if (await viz.FinishAsync(TimeSpan.FromMinutes(2), cancellation) == 0)
                return;
            Assert.True(attempt < 30, viz.Log + Coordinator.Log);
            await Task.Delay(500, cancellation);
        }
    }

    /// <summary>Jobs that are completed, of all.</summary>
    public async Task<(int Done, int All)> ProgressAsync(CancellationToken cancellation)
    {
        await using var catalog = _database.Open();
        var atlas = await catalog.FindAtlasAsync(Atlas, cancellation);
        var counts = await catalog.CountJobsAsync(atlas!.Id, cancellation);
        return (counts.Where(count => count.State == JobState.Completed).Sum(count => count.Jobs), counts.Sum(count => count.Jobs));
    }

    /// <summary>Waits until the atlas has ended.</summary>
    public async Task<AtlasState> FinishAsync(TimeSpan patience, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        try
        {
            while (true)
            {
                if (await StateAsync(limit.Token) is { } state and not AtlasState.Running)
                    return state;
                await Task.Delay(200, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Assert.Fail($"the atlas does not end\n{Coordinator.Log}\n{string.Join('\n', Workers.Select(worker => worker.Log))}");
            throw;
        }
    }

    // The test is a client, too: it waits for a database that is down.
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

    /// <summary>Everything that must not depend on what happened on the way: rows of the catalog, and objects with a hash of their bytes.</summary>
    public async Task<string> ContentsAsync(CancellationToken cancellation)
    {
        using var store = new S3ObjectStore(new S3Options
        {
            Endpoint = _settings["ObjectStore__Endpoint"],
            Bucket = _settings["ObjectStore__Bucket"],
            AccessKey = _settings["ObjectStore__AccessKey"],
            SecretKey = _settings["ObjectStore__SecretKey"],
        });
        var lines = new List<string> { await CatalogFixture.Contents(_database, Atlas) };
        await foreach (var key in store.ListAsync("atlases/", cancellation))
            lines.Add($"{key} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(await store.GetAsync(key, cancellation)))}");
        return string.Join('\n', lines);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
            process.Dispose();
        await _database.DisposeAsync();
    }

    private static PostgresCatalogDatabase DatabaseOf(Dictionary<string, string> settings) => new(new PostgresOptions
    {
        Host = settings["Postgres__Host"],
        Port = int.Parse(settings["Postgres__Port"], System.Globalization.CultureInfo.InvariantCulture),
        Database = settings["Postgres__Database"],
        User = settings["Postgres__User"],
        Password = settings["Postgres__Password"],
    });

    private ServiceProcess Start(string program, Dictionary<string, string> settings, params string[] arguments)
    {
        var process = ServiceProcess.Start(program, settings, arguments);
        _processes.Add(process);
        return process;
    }
}
