using System.Diagnostics;
using VizPipeline.Cli.Embedded;

namespace VizPipeline.Cli.CommandLine;

/// <summary>
/// Shows how many bytes of a long operation are done on a line of standard error, if it is a terminal and the operation takes more than
/// half a second.
/// </summary>
/// <param name="what">What is done, such as <c>packing</c>.</param>
/// <param name="total">All bytes.</param>
/// <param name="format">Formats what is counted if that is not bytes.</param>
internal sealed class ByteProgress(string what, long total, Func<long, string>? format = null) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);

    private readonly Stopwatch _sinceStart = Stopwatch.StartNew();
    private TimeSpan _last;
    private long _done;
    private bool _shown;

    /// <summary>Counts more bytes as done. May be called by several threads.</summary>
    public void Add(long bytes)
    {
        lock (_sinceStart)
        {
            _done += bytes;
            if (!Console.IsErrorRedirected)
                Show(_sinceStart.Elapsed);
        }
    }

    private void Show(TimeSpan now)
    {
        if (now - _last < Pause)
            return;
        (_last, _shown) = (now, true);
        var left = TimeSpan.FromSeconds(now.TotalSeconds / Math.Max(1, _done) * Math.Max(0, total - _done));
        Console.Error.Write(
            $"\r{what}: {Format(_done)} of {Format(total)}, {ProgressDisplay.FormatDuration(left)} left   ");
    }

    private string Format(long amount) => format is null ? ByteSize.Format(amount) : format(amount);

    /// <summary>Clears the line for the results, which follow.</summary>
    public void Dispose()
    {
        if (_shown)
            Console.Error.Write("\r\e[K");
    }
}
