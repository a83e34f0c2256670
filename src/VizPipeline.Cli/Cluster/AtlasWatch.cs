using System.Globalization;
using VizPipeline.Atlas.Web;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Coordinator;

namespace VizPipeline.Cli.Cluster;

/// <summary>Follows an atlas of a cluster to its end. Prints a line whenever something has changed, for terminals and logs.</summary>
internal static class AtlasWatch
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>Shows the progress and returns the exit code. Waits while the coordinator cannot be reached.</summary>
    public static async Task<int> RunAsync(CoordinatorClient coordinator, string atlas, CancellationToken cancellation)
    {
        var last = "";
        while (true)
        {
            try
            {
                var report = await coordinator.GetAsync<AtlasStatusResponse>($"atlases/{Uri.EscapeDataString(atlas)}", cancellation);
                if (FormatLine(report) is var line && line != last)
                    Console.WriteLine(
                        $"[{TimeProvider.System.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture)}] {last = line}");
                if (report.Status.State != AtlasState.Running)
                    return PrintEnd(report);
            }
            catch (ServiceAwayException away)
            {
                if (away.Message != last)
                    await Console.Error.WriteLineAsync($"viz: {last = away.Message}; trying again");
            }
            await Task.Delay(Pause, cancellation);
        }
    }

    private static string FormatLine(AtlasStatusResponse report)
    {
        var stages = report.Progress.Stages.Where(stage => stage.Total > 0).Select(ProgressDisplay.FormatStage);
        var left = report.Progress.TimeLeft is { } time && report.Status.State == AtlasState.Running
            ? $" · {ProgressDisplay.FormatLeft(time)}" : "";
        var unserved = string.Concat(report.Status.Unserved.Select(jobs => $" · {jobs.Explain()}"));
        return $"{string.Join(" · ", stages)} · {Format.Counted(report.Workers, "worker")}{left}{unserved}";
    }

    private static int PrintEnd(AtlasStatusResponse report)
    {
        var state = report.Status.State == AtlasState.CompletedWithFailures
            ? "completed with failures" : report.Status.State.ToString().ToLowerInvariant();
        Console.WriteLine($"Atlas '{report.Status.Id}': {state}");
        foreach (var job in report.Status.Failures.Take(20))
            Console.Error.WriteLine($"viz: job {job.Job} ({job.Kind.ToString().ToLowerInvariant()} of {job.What}) failed: {job.Error}");
        if (report.Status.Failures is { Count: > 0 and var count })
            Console.Error.WriteLine(
                $"viz: {Format.Counted(count, "job")} failed; when the cause is fixed, `viz retry {report.Status.Id}` runs them again");
        return report.Status.State == AtlasState.Completed ? ExitCode.Done : ExitCode.Failures;
    }
}
