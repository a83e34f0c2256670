using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using VizPipeline.Tests.Cluster;

[assembly: AssemblyFixture(typeof(ClusterServers))]

namespace VizPipeline.Tests.Cluster;

/// <summary>Real PostgreSQL, RabbitMQ and S3 on loopback, started by the first test that asks and stopped at the end of the run.</summary>
public sealed class ClusterServers : IAsyncDisposable
{
    private static readonly string[] Names = ["postgres", "rabbitmq", "s3"];
    private readonly SemaphoreSlim _gate = new(1);
    private readonly string _folder = Path.Combine(Environment.GetEnvironmentVariable("VIZ_TEST_SERVERS") ?? "/tmp", $"viz-servers-{Environment.ProcessId}");
    private readonly int _port = FreePorts(60);
    private bool _isStarted;
    private int _databases;
    private int _services;

    /// <summary>Port of each server; RabbitMQ and S3 have the ones behind theirs, too.</summary>
    public int PortOf(string server) => _port + (Array.IndexOf(Names, server) * 10);

    /// <summary>Starts all three, once. The test is skipped where they are not installed.</summary>
    public async Task StartAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (_isStarted)
                return;
            if (Environment.GetEnvironmentVariable("VIZ_SKIP_SERVERS") is { Length: > 0 })
                Assert.Skip("VIZ_SKIP_SERVERS is set");
            foreach (var name in Names)
                if ((await Script(name, "check")).ExitCode != 0)
                    Assert.Skip($"{name} is not installed: tests/servers/install.sh brings it");
            Directory.CreateDirectory(_folder);
            await Task.WhenAll(Names.Select(name => RunAsync(name, "start")));
            _isStarted = true;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Starts, stops, or kills (a crash) one of the servers.</summary>
    public async Task RunAsync(string server, string action)
    {
        var (exitCode, output) = await Script(server, action, Path.Combine(_folder, server), PortOf(server).ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(exitCode == 0, $"{server}.sh {action}: {output}");
    }

    /// <summary>A new database, and what a service must be told to use it, the broker and the store.</summary>
    public async Task<Dictionary<string, string>> SettingsAsync()
    {
        var name = $"viz{Interlocked.Increment(ref _databases)}";
        await using (var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={PortOf("postgres")};Username=app;Password=app-secret;Database=postgres;Pooling=false"))
        {
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand($"create database {name}", connection);
            await command.ExecuteNonQueryAsync();
        }
        // A host of its own at the broker, so that no test sees another's messages.
        await ControlBrokerAsync("add_vhost", name);
        await ControlBrokerAsync("set_permissions", "-p", name, "app", ".*", ".*", ".*");
        return new Dictionary<string, string>
        {
            ["RabbitMq__VirtualHost"] = name,
            ["RabbitMq__Host"] = "127.0.0.1",
            ["RabbitMq__Port"] = $"{PortOf("rabbitmq")}",
            ["RabbitMq__User"] = "app",
            ["RabbitMq__Password"] = "app-secret",
            ["Postgres__Host"] = "127.0.0.1",
            ["Postgres__Port"] = $"{PortOf("postgres")}",
            ["Postgres__Database"] = name,
            ["Postgres__User"] = "app",
            ["Postgres__Password"] = "app-secret",
            ["ObjectStore__Endpoint"] = $"http://127.0.0.1:{PortOf("s3")}",
            ["ObjectStore__Bucket"] = $"bucket-{name}",
            ["ObjectStore__AccessKey"] = "testaccess",
            ["ObjectStore__SecretKey"] = "testing-secret",
        };
    }

    /// <summary>A port for a service of a test.</summary>
    public int NextPort() => _port + 40 + (Interlocked.Increment(ref _services) % 20);

    private async Task ControlBrokerAsync(params string[] arguments)
    {
        string[] all = ["ctl", Path.Combine(_folder, "rabbitmq"), $"{PortOf("rabbitmq")}", .. arguments];
        var (exitCode, output) = await Script("rabbitmq", all);
        Assert.True(exitCode == 0, output);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(_folder))
        {
            foreach (var name in Names)
                await Script(name, "kill", Path.Combine(_folder, name), $"{PortOf(name)}");
            Directory.Delete(_folder, recursive: true);
        }
        _gate.Dispose();
    }

    private static string ScriptFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "VizPipeline.sln")))
            folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? throw new InvalidOperationException("the tests do not lie in the repository"), "tests", "servers");
    }

    private static async Task<(int ExitCode, string Output)> Script(string server, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(ScriptFolder(), $"{server}.sh"), .. arguments]) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        // The servers inherit the pipes: waiting for their end would be waiting for the servers'.
        await process.WaitForExitAsync();
        return (process.ExitCode, process.ExitCode == 0 ? "" : await process.StandardError.ReadToEndAsync());
    }

    // A block that nobody listens in now; the servers take theirs within seconds.
    private static int FreePorts(int count)
    {
        for (var first = 21_000 + (Environment.ProcessId % 400 * 20); ; first += count)
        {
            try
            {
                for (var port = first; port < first + count; port++)
                {
                    using var listener = new TcpListener(IPAddress.Loopback, port);
                    listener.Start();
                }
                return first;
            }
            catch (SocketException)
            {
                // Somebody is there; the next block.
            }
        }
    }
}
