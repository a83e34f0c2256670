using System.Globalization;
using Spectre.Console;
using VizPipeline.Atlas.Web;
using VizPipeline.Catalog;
using VizPipeline.Coordinator;

namespace VizPipeline.Cli.Status;

/// <summary>Prints the status of an atlas as text.</summary>
internal static class StatusText
{
    /// <summary>Writes the status to <paramref name="console"/>.</summary>
    /// <param name="console">The console.</param>
    /// <param name="status">The status.</param>
    /// <param name="retry">The command that runs failed jobs again.</param>
    public static void Write(IAnsiConsole console, AtlasStatus status, string retry)
    {
        Line(console, $"atlas {status.Id}{(status.Name == status.Id ? "" : $" ({status.Name})")}: {State(status)}");
        Line(console,
            $"{Count(status.Layers, "layer")}, {Count(status.Neurons, "neuron")}, {Count(status.Images, "image")}; planned "
            + $"{Time(status.CreatedAt)}, last activity {Time(status.LastActivityAt)}");
        if (status.Accuracy is { } accuracy)
            foreach (var line in AccuracyLines(accuracy))
                Line(console, line);
        console.Write(Stages(status));
        WriteUnserved(console, status.Unserved);
        Line(console, $"{Duration(status.Seconds)} of work in total");
        WriteFailures(console, status, retry);
        WriteUnreadable(console, status);
    }

    /// <summary>Returns the accuracy of the network in a line, and a warning in another where it is near chance.</summary>
    public static IEnumerable<string> AccuracyLines(NetworkAccuracy accuracy)
        => accuracy.IsNearChance ? [$"{accuracy}", NetworkAccuracy.ChanceWarning] : [$"{accuracy}"];

    /// <summary>Writes a line for each kind of waiting job that no worker serves.</summary>
    public static void WriteUnserved(IAnsiConsole console, IEnumerable<UnservedJobs> unserved)
    {
        foreach (var jobs in unserved)
            Line(
                console,
                $"{jobs.Explain()}: start one with this kind in Worker__Kinds, or without that setting; "
                + "`viz workers` lists the kinds of each worker");
    }

    private static Table Stages(AtlasStatus status)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("stage");
        foreach (var column in (string[])["jobs", "done", "running", "waiting", "failed", "units done", "units", "work"])
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var stage in status.Stages)
        {
            table.AddRow(
                Name(stage.Kind), $"{stage.Total:N0}", $"{stage.Done:N0}", $"{stage.Running:N0}", $"{stage.Waiting:N0}",
                $"{stage.Failed + stage.Blocked:N0}", $"{stage.UnitsDone:N0}", $"{stage.UnitsTotal:N0}", Duration(stage.Seconds));
        }
        return table;
    }

    private static void WriteFailures(IAnsiConsole console, AtlasStatus status, string retry)
    {
        if (status.Failures.Count == 0)
            return;
        Line(console, $"{Count(status.Failures.Count, "job")} failed; when the cause is fixed, {retry} runs them again:");
        foreach (var job in status.Failures)
        {
            var reason = job.State == JobState.Blocked
                ? "not started, because a job that it depends on failed" : $"failed {Count(job.Failures, "time")}: {job.Error}";
            Line(console, $"  job {job.Job}, {Name(job.Kind)} of {job.What}: {reason}");
        }
    }

    private static void WriteUnreadable(IAnsiConsole console, AtlasStatus status)
    {
        if (status.UnreadableImages == 0)
            return;
        var rest = status.UnreadableImages - status.FirstUnreadable.Count;
        Line(console,
            $"{Count(status.UnreadableImages, "image")} could not be read and {(status.UnreadableImages == 1 ? "was" : "were")} "
            + $"skipped{(rest > 0 ? $"; the first {status.FirstUnreadable.Count}" : "")}:");
        foreach (var image in status.FirstUnreadable)
            Line(console, $"  {image.Path}: {image.Reason}");
    }

    private static string State(AtlasStatus status) => status.State switch
    {
        AtlasState.Running => "not finished",
        AtlasState.Completed => $"completed {Time(status.FinishedAt)}",
        AtlasState.Cancelled => $"cancelled {Time(status.FinishedAt)}",
        _ => $"completed with failures {Time(status.FinishedAt)}",
    };

    // Plain text: names and errors come from user files, so they must not be parsed as markup or wrapped.
    private static void Line(IAnsiConsole console, string text) => console.Profile.Out.Writer.WriteLine(text);

    private static string Name(Enum value) => value.ToString().ToLowerInvariant();

    private static string Count(long number, string thing) => Format.Counted(number, thing);

    private static string Time(DateTime? time) =>
        time is { } known ? known.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) : "none yet";

    private static string Duration(double seconds) => seconds switch
    {
        < 60 => $"{seconds:0.0} s",
        < 3600 => $"{seconds / 60:0.0} min",
        _ => $"{seconds / 3600:0.0} h",
    };
}
