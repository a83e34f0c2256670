using System.Runtime.InteropServices;

namespace VizPipeline.Cli.CommandLine;

/// <summary>Ctrl-C and SIGTERM: the first lets the command come to an end, the second ends the process at once.</summary>
internal sealed partial class Interruption : IDisposable
{
    // Longer than a host waits for its running jobs.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private static PosixSignalRegistration[]? _kept;

    private readonly CancellationTokenSource _stop = new();
    private readonly Timer _impatience;
    private readonly PosixSignalRegistration[] _signals;
    private int _count;
    private int _told;

    public Interruption()
    {
        _impatience = new Timer(_ => Leave());
        _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, Handle))];
    }

    /// <summary>Is cancelled by the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Prints one line that the command has stopped, the first time.</summary>
    public void Tell(string line)
    {
        if (Interlocked.Exchange(ref _told, 1) == 0)
            Console.Error.WriteLine(line);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _impatience.Dispose();
        // Once one signal has come, a second one may come until the end of the process, and must not kill it then.
        if (_count > 0)
        {
            _kept = _signals;
            return;
        }
        foreach (var signal in _signals)
            signal.Dispose();
        _stop.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _count) > 1)
            Leave();
        _impatience.Change(Patience, Timeout.InfiniteTimeSpan);
        // Whatever waits for the token goes on inside the call, which a second signal must not wait for.
        _ = _stop.CancelAsync();
    }

    // Without .NET's own shutdown, which waits for, and may fail in, native code that is still computing. All files are written to another
    // name first, so that nothing half written is left.
    private void Leave()
    {
        Tell("viz: stopped at once");
        Exit(ExitCode.Stopped);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void Exit(int code);
}
