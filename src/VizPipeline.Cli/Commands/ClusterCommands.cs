using System.CommandLine;
using Spectre.Console;
using VizPipeline.Atlas.Web;
using VizPipeline.Cli.Cluster;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Coordinator;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz cancel</c>, <c>viz retry</c> and <c>viz workers</c>: commands for a cluster.</summary>
internal static class ClusterCommands
{
    public static Command Cancel() => Change(
        "cancel", "Cancel an atlas of a cluster; finished work is kept, and `viz retry` resumes it",
        (atlas, jobs) =>
            jobs > 0 ? $"Cancelled atlas '{atlas}'; {Format.Counted(jobs, "job")} will not run"
                : $"Atlas '{atlas}' was not running; nothing was changed");

    public static Command Retry() => Change(
        "retry", "Run the failed, blocked and cancelled jobs of an atlas of a cluster again",
        (atlas, jobs) =>
            jobs > 0 ? $"{Format.Counted(jobs, "job")} of atlas '{atlas}' will run again"
                : $"Atlas '{atlas}' has no failed or cancelled jobs");

    public static Command Workers()
    {
        var coordinator = CoordinatorOption.Create();
        var command = new Command("workers", "List the workers of a cluster") { coordinator };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = new CoordinatorClient(parsed.GetValue(coordinator));
            var workers = await client.GetAsync<List<ListedWorker>>("workers", cancellation);
            var table = new Table().Border(TableBorder.Simple)
                .AddColumns("worker", "device", "queues", "state", "current job", "jobs done", "memory", "last seen");
            foreach (var worker in workers)
                table.AddRow(
                    Markup.Escape(worker.Name), Markup.Escape(worker.Device), Markup.Escape(worker.Kinds), worker.State,
                    Markup.Escape(worker.Job is null ? "" : $"{worker.Atlas} {worker.Job}"),
                    $"{worker.JobsDone:N0}", $"{worker.MemoryBytes / 1e9:0.0} GB", $"{worker.LastSeenAt:yyyy-MM-dd HH:mm:ss} UTC");
            if (workers.Count == 0)
                Console.WriteLine(
                    "No worker has reported in the last day; start one with `docker compose up worker`, or see docs/cluster.md");
            else
                ConsoleOutput.Wide().Write(table);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Change(string name, string description, Func<string, int, string> text)
    {
        var atlas = new Argument<string>("atlas") { Description = "The id of the atlas, as printed by `viz submit`" };
        var coordinator = CoordinatorOption.Create();
        var command = new Command(name, description) { atlas, coordinator };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = new CoordinatorClient(parsed.GetValue(coordinator));
            var id = parsed.GetRequiredValue(atlas);
            var changed = await client.PostAsync<JobsChanged>($"atlases/{Uri.EscapeDataString(id)}/{name}", null, cancellation);
            Console.WriteLine(text(id, changed.Jobs));
            return ExitCode.Done;
        });
        return command;
    }
}
