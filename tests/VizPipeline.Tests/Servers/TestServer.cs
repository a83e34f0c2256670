using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using VizPipeline.Tests.Servers;

[assembly: AssemblyFixture(typeof(StopServers))]

namespace VizPipeline.Tests.Servers;

/// <summary>A real server on loopback, run by a script of tests/servers, started by the first test that asks and killed at the end of the run.</summary>
public sealed class TestServer
{
    private static readonly ConcurrentBag<TestServer> Started = [];
    private static int nextPort = 21_000 + (Environment.ProcessId % 400 * 20);
    private readonly Lazy<Task<string?>> _start;
    private readonly string _script;
    private readonly string _folder;

    /// <param name="script">postgres, rabbitmq or s3.</param>
    /// <param name="name">Tells servers of the same kind apart.</param>
    public TestServer(string script, string name)
    {
        _script = script;
        _folder = Path.Combine("/tmp", $"viz-servers-{Environment.ProcessId}", $"{name}-{script}");
        _start = new(StartOnceAsync);
    }

    /// <summary>Its port; RabbitMQ and S3 have the nine behind theirs, too.</summary>
    public int Port { get; private set; }

    /// <summary>Starts it, once. The running test is skipped where it is not installed.</summary>
    public async Task StartAsync()
    {
        if (await _start.Value is { } reason)
            Assert.Skip(reason);
    }

    /// <summary>start, stop, kill (a crash), or what else the script can do.</summary>
    public async Task RunAsync(string action, params string[] arguments)
    {
        var (exitCode, output) = await ScriptAsync([action, _folder, Port.ToString(CultureInfo.InvariantCulture), .. arguments]);
        if (exitCode != 0)
            throw new InvalidOperationException($"{_script}.sh {action} ended with {exitCode}: {output}");
    }

    /// <summary>A block of ports that nobody listens in now.</summary>
    public static int FreePorts(int count)
    {
        while (true)
        {
            var first = Interlocked.Add(ref nextPort, count) - count;
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
        // The servers inherit the pipes: waiting for their end would be waiting for the servers'.
        await process.WaitForExitAsync();
        return (process.ExitCode, process.ExitCode == 0 ? "" : await process.StandardError.ReadToEndAsync());
    }
}

/// <summary>Ends the servers with the run.</summary>
public sealed class StopServers : IAsyncDisposable
{
    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await TestServer.KillAllAsync();
}
