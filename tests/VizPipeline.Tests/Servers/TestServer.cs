using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using VizPipeline.Tests.Servers;

[assembly: AssemblyFixture(typeof(StopServers))]

namespace VizPipeline.Tests.Servers;

/// <summary>
/// A real server on loopback, run by a script in tests/servers, started by the first test that needs it and killed at the end of the run.
/// </summary>
public sealed class TestServer
{
    private static readonly ConcurrentBag<TestServer> Started = [];
    private static int _nextPort = 21_000 + (Environment.ProcessId % 400 * 20);
    private readonly Lazy<Task<string?>> _start;
    private readonly string _script;
    private readonly string _folder;

    /// <param name="script">postgres, rabbitmq or s3.</param>
    /// <param name="name">Distinguishes servers of the same kind.</param>
    public TestServer(string script, string name)
    {
        _script = script;
        _folder = Path.Combine("/tmp", $"viz-servers-{Environment.ProcessId}", $"{name}-{script}");
        _start = new(StartOnceAsync);
    }

    /// <summary>Its port; RabbitMQ and S3 also use the next nine.</summary>
    public int Port { get; private set; }

    /// <summary>Starts it, once. Skips the running test if it is not installed.</summary>
    public async Task StartAsync()
    {
        if (await _start.Value is { } reason)
            Assert.Skip(reason);
    }

    /// <summary>Runs an action of the script: start, stop, kill (a crash), or any other.</summary>
    public async Task RunAsync(string action, params string[] arguments)
    {
        var (exitCode, output) = await ScriptAsync([action, _folder, Port.ToString(CultureInfo.InvariantCulture), .. arguments]);
        if (exitCode != 0)
            throw new InvalidOperationException($"{_script}.sh {action} ended with {exitCode}: {output}");
    }

    /// <summary>Finds a range of ports that are not in use.</summary>
    public static int FreePorts(int count)
    {
        while (true)
        {
            var first = Interlocked.Add(ref _nextPort, count) - count;
            if (Enumerable.Range(first, count).All(IsFree))
                return first;
        }
    }

    internal static async Task KillAllAsync()
    {
        foreach (var server in Started)
            await server.RunAsync("kill");
        if (!Started.IsEmpty)
            Directory.Delete(Path.GetDirectoryName(Started.First()._folder)!, recursive: true);
    }

    private async Task<string?> StartOnceAsync()
    {
        if (Environment.GetEnvironmentVariable("VIZ_SKIP_SERVERS") is { Length: > 0 })
            return "VIZ_SKIP_SERVERS is set";
        if ((await ScriptAsync("check")).ExitCode != 0)
            return $"{_script} is not installed: tests/servers/install.sh brings it";
        Port = FreePorts(10);
        Directory.CreateDirectory(_folder);
        Started.Add(this);
        await RunAsync("start");
        return null;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task<(int ExitCode, string Output)> ScriptAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [Repository.Path("tests", "servers", $"{_script}.sh"), .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        // The servers inherit the pipes, so reading them to the end would wait for the servers to exit.
        await process.WaitForExitAsync();
        return (process.ExitCode, process.ExitCode == 0 ? "" : await process.StandardError.ReadToEndAsync());
    }
}

/// <summary>Kills the servers at the end of the run.</summary>
public sealed class StopServers : IAsyncDisposable
{
    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await TestServer.KillAllAsync();
}
