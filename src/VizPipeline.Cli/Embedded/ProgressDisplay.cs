using System.Globalization;
using Spectre.Console;
using VizPipeline.Atlas.Web;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Embedded;

/// <summary>Shows the progress of an atlas: a bar with rate per stage on a terminal, otherwise lines with the time left.</summary>
internal sealed class ProgressDisplay(AtlasMonitor monitor, string atlasId, TimeProvider time)
{
    private static readonly TimeSpan LivePause = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LinePause = TimeSpan.FromSeconds(5);

    /// <summary>Shows progress until <paramref name="finished"/> ends.</summary>
    public Task ShowAsync(Task finished, CancellationToken cancellation) =>
        AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected
            ? ShowBarsAsync(finished, cancellation) : ShowLinesAsync(finished, cancellation);

    private async Task ShowBarsAsync(Task finished, CancellationToken cancellation) =>
        await AnsiConsole.Progress().AutoClear(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(async context =>
            {
                var (bars, started) = (new Dictionary<JobKind, ProgressTask>(), time.GetTimestamp());
                ProgressTask? all = null;
                while (true)
                {
                    var ended = await PauseAsync(finished, LivePause, cancellation);
                    var snapshot = await monitor.SnapshotAsync(atlasId, CancellationToken.None);
                    foreach (var stage in snapshot.Stages)
                    {
                        if (!bars.TryGetValue(stage.Kind, out var bar))
                            bars[stage.Kind] = bar = context.AddTask(stage.Kind.Name(), maxValue: Math.Max(1, stage.UnitsTotal));
                        bar.Value = stage.UnitsDone;
                        bar.Description = Markup.Escape(
                            $"{stage.Kind.Name(),-8} {stage.UnitsDone,8:N0} of {stage.UnitsTotal:N0} "
                            + $"{JobKinds.Get(stage.Kind).Unit}{Rate(stage)}{Failed(stage)}");
                    }
                    all ??= context.AddTask("all");
                    var (elapsed, left) = (time.GetElapsedTime(started), snapshot.TimeLeft ?? TimeSpan.Zero);
                    all.Description = $"{"all",-8} {(ended ? "" : FormatLeft(left))}";
                    all.Value = ended ? 100 : 100 * elapsed / (elapsed + left);
                    if (ended)
                        return;
                }
            });

    private async Task ShowLinesAsync(Task finished, CancellationToken cancellation)
    {
        var (started, last) = (time.GetTimestamp(), "");
        while (true)
        {
            var ended = await PauseAsync(finished, LinePause, cancellation);
            var snapshot = await monitor.SnapshotAsync(atlasId, CancellationToken.None);
            var open = snapshot.Stages.Where(stage => stage.Total > 0).Select(FormatStage);
            var line = string.Join(" · ", open) + (snapshot.TimeLeft is { } left && !ended ? $" · {FormatLeft(left)}" : "");
            if (line != last)
                await Console.Out.WriteLineAsync($"[{FormatDuration(time.GetElapsedTime(started))}] {last = line}");
            if (ended)
                return;
        }
    }

    /// <summary>Formats the progress of a stage, such as <c>scan 64/1,000 (39.1/s)</c>.</summary>
    public static string FormatStage(StageProgress stage) =>
        $"{stage.Kind.Name()} {stage.UnitsDone:N0}/{stage.UnitsTotal:N0}{Rate(stage)}{Failed(stage)}";

    /// <summary>Formats an estimate of the time to the end, for example <c>about 5 min 10 s left</c>.</summary>
    public static string FormatLeft(TimeSpan left) =>
        $"about {FormatDuration(left < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : left)} left";

    /// <summary>Formats a duration for display.</summary>
    public static string FormatDuration(TimeSpan duration) => duration.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)duration.TotalHours} h {duration.Minutes:00} min")
        : duration.TotalMinutes >= 1 ? $"{duration.Minutes} min {duration.Seconds:00} s" : $"{duration.Seconds} s";

    private static async Task<bool> PauseAsync(Task finished, TimeSpan pause, CancellationToken cancellation)
    {
        await Task.WhenAny(finished, Task.Delay(pause, cancellation));
        cancellation.ThrowIfCancellationRequested();
        return finished.IsCompleted;
    }

    private static string Rate(StageProgress stage) => stage.UnitsPerSecond is { } rate && stage.UnitsDone < stage.UnitsTotal
        ? string.Create(CultureInfo.InvariantCulture, $" ({rate:0.#}/s)") : "";

    private static string Failed(StageProgress stage) => stage.Failed > 0 ? $", {Format.Counted(stage.Failed, "job")} FAILED" : "";
}
