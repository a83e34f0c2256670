using System.Diagnostics;

namespace VizPipeline.Cli.CommandLine;

/// <summary>
/// Shows the step of an operation on a line of standard error, if it is a terminal and the operation takes more than half a second.
/// </summary>
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

    // Clears the line for the results, which follow.
    public void Dispose()
    {
        if (_shown)
            Console.Error.Write("\r\e[K");
    }
}
