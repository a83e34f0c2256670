using System.Diagnostics;
using System.Runtime.InteropServices;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>Exit code and output of a finished <c>viz</c>.</summary>
public sealed record VizResult(int ExitCode, string Output, string Error)
{
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>The built <c>viz</c> as users run it: in its own process, which can be interrupted and killed.</summary>
public sealed partial class VizProcess : IDisposable
{
    private const int Interrupt = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly Process _process;
    private readonly System.Text.StringBuilder _lines = new();
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private VizProcess(Process process)
    {
        _process = process;
        (_output, _error) = (ReadOutputAsync(), process.StandardError.ReadToEndAsync());
    }

    public bool IsRunning => !_process.HasExited;

    public static VizProcess Start(params string[] arguments) => StartAs([], arguments);

    /// <summary>
    /// Starts it as a user who may read what everybody may read, and write nothing. Who is not root cannot change the user: then only
    /// the modes of files keep him from writing.
    /// </summary>
    public static VizProcess StartAsNobody(params string[] arguments) => StartAs(
        Environment.IsPrivilegedProcess
            ? ["HOME=/nonexistent", "TMPDIR=/tmp", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [],
        arguments);

    /// <summary>Returns a folder that keeps the user of <see cref="StartAsNobody"/> from a path; null if nothing does.</summary>
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public static string? FindBarrier(string path)
    {
        for (var folder = Path.GetDirectoryName(Path.GetFullPath(path)); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Environment.IsPrivilegedProcess && !File.GetUnixFileMode(folder).HasFlag(UnixFileMode.OtherExecute))
                return folder;
        }
        return null;
    }

    private static VizProcess StartAs(string[] user, string[] arguments)
    {
        // A shell that runs tests in the background makes them ignore SIGINT, and child processes inherit that.
        string[] command = ["--default-signal=INT", .. user, Path.Combine(AppContext.BaseDirectory, "viz"), .. arguments];
        var start = new ProcessStartInfo("env", command) { RedirectStandardOutput = true, RedirectStandardError = true };
        // This variable replaces the one line with a stack trace.
        start.Environment.Remove("VIZ_TRACE");
        return new VizProcess(Process.Start(start)!);
    }

    public static async Task<VizResult> Run(params string[] arguments)
    {
        using var viz = Start(arguments);
        return await viz.Finish();
    }

    /// <summary>Waits for a line of the output that matches a pattern.</summary>
    public async Task<string> FirstLine(System.Text.RegularExpressions.Regex pattern, TimeSpan patience)
    {
        for (var limit = Environment.TickCount64 + (long)patience.TotalMilliseconds; ; await Task.Delay(
            50, TestContext.Current.CancellationToken))
        {
            string text;
            lock (_lines)
                text = _lines.ToString();
            if (text.Split('\n').FirstOrDefault(pattern.IsMatch) is { } line)
                return line;
            Assert.True(IsRunning && Environment.TickCount64 < limit, $"no such line: {text}{(IsRunning ? "" : await _error)}");
        }
    }

    private async Task<string> ReadOutputAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            lock (_lines)
                _lines.Append(line).Append('\n');
        }
        return _lines.ToString();
    }

    public async Task<VizResult> Finish()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        return new VizResult(_process.ExitCode, await _output, await _error);
    }

    /// <summary>Sends SIGKILL, which leaves no chance to clean up.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Sends SIGINT, like Ctrl-C.</summary>
    public void PressControlC() => Assert.Equal(0, Send(_process.Id, Interrupt));

    public void Dispose()
    {
        // Kill the process in case the test failed before it ended.
        if (IsRunning)
            _process.Kill();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Send(int process, int signal);
}
