using System.Diagnostics;
using System.Text;

namespace VizPipeline.Tests.Cluster;

/// <summary>A service in its own process, which can be stopped and killed.</summary>
public sealed class ServiceProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _log = new();

    private ServiceProcess(string program, Process process)
    {
        (Program, _process) = (program, process);
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Program { get; }

    public int Id => _process.Id;

    public bool IsRunning => !_process.HasExited;

    public int ExitCode => _process.ExitCode;

    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    /// <summary>Starts <c>VizPipeline.Coordinator</c> or <c>VizPipeline.Worker</c>, or <c>viz</c>.</summary>
    public static ServiceProcess Start(string program, IReadOnlyDictionary<string, string> settings, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, program), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        start.Environment.Remove("VIZ_TRACE");
        return new ServiceProcess(program, Process.Start(start)!);
    }

    public async Task<int> FinishAsync(TimeSpan patience, CancellationToken cancellation)
    {
        await _process.WaitForExitAsync(cancellation).WaitAsync(patience, cancellation);
        return _process.ExitCode;
    }

    /// <summary>Sends SIGKILL.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Sends SIGTERM, as a supervisor does.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (IsRunning)
            _process.Kill();
        _process.Dispose();
    }

    private void Append(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
    }
}
