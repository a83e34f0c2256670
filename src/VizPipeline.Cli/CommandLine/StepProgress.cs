using System.Diagnostics;

namespace VizPipeline.Cli.CommandLine;

/// <summary>One line on standard error that counts steps, where it is a terminal and the work takes longer than a moment.</summary>
internal sealed class StepProgress(string what, int total) : IProgress<int>, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);

    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();
    private bool _shown;

    public void Report(int value)
    {
        if (Console.IsErrorRedirected || _sinceLast.Elapsed < Pause)
            return;
        _sinceLast.Restart();
        _shown = true;
        Console.Error.Write($"\r{what}: step {value} of {total} ");
    }

    // The line made room for results, which come next.
    public void Dispose()
    {
        if (_shown)
            Console.Error.Write("\r\e[K");
    }
}
