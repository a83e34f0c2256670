using System.Diagnostics;
using System.Globalization;
using VizPipeline.Cli.Embedded;

namespace VizPipeline.Cli.Models;

/// <summary>
/// Shows the progress of a download on standard error: an updated line on a terminal, otherwise a line every ten seconds.
/// </summary>
internal sealed class DownloadDisplay(string file) : IProgress<DownloadProgress>, IDisposable
{
    private static readonly TimeSpan TerminalPause = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LogPause = TimeSpan.FromSeconds(10);

    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();
    private bool _shown;

    public void Report(DownloadProgress value)
    {
        if (_sinceLast.Elapsed < (Console.IsErrorRedirected ? LogPause : TerminalPause))
            return;
        _sinceLast.Restart();
        if (Console.IsErrorRedirected)
            Console.Error.WriteLine($"{file}: {Format(value)}");
        else
            Console.Error.Write($"\r{file}: {Format(value)}\e[K");
        _shown = !Console.IsErrorRedirected;
    }

    public void Dispose()
    {
        if (_shown)
            Console.Error.Write("\r\e[K");
    }

    /// <summary>Formats the progress, for example <c>12.0 of 44.7 MB, 3.1 MB/s, 10 s left</c>.</summary>
    public static string Format(DownloadProgress step)
    {
        var rate = step.PerSecond > 0 ? $", {Megabytes(step.PerSecond)} MB/s" : "";
        if (step.Total is not { } total)
            return $"{Megabytes(step.Done)} MB{rate}";
        var left = step.PerSecond > 0
            ? $", {ProgressDisplay.FormatDuration(TimeSpan.FromSeconds(Math.Min((total - step.Done) / step.PerSecond, 1e6)))} left" : "";
        return $"{Megabytes(step.Done)} of {Megabytes(total)} MB{rate}{left}";
    }

    /// <summary>Formats bytes as megabytes (10^6 bytes) with one decimal.</summary>
    public static string Megabytes(double bytes) => (bytes / 1e6).ToString("0.0", CultureInfo.InvariantCulture);
}
