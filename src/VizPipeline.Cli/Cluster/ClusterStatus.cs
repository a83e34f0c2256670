using System.Text;
using Spectre.Console;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Status;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Cluster;

/// <summary>Shows the status of the atlases of a cluster.</summary>
internal static class ClusterStatus
{
    /// <summary>Shows one atlas, or lists all if none is named.</summary>
    public static async Task<int> RunAsync(string? address, string? atlas, bool json, bool watch, CancellationToken cancellation)
    {
        using var coordinator = new CoordinatorClient(address);
        if (atlas is null)
            return await ListAsync(coordinator, json, cancellation);
        if (watch)
            return await AtlasWatch.RunAsync(coordinator, atlas, cancellation);
        var report = await coordinator.GetAsync<AtlasStatusResponse>($"atlases/{Uri.EscapeDataString(atlas)}", cancellation);
        if (json)
            Console.WriteLine(Encoding.UTF8.GetString(VizJson.Write(report.Status)));
        else
        {
            StatusText.Write(ConsoleOutput.Wide(), report.Status, $"`viz retry {report.Status.Id}`");
            foreach (var trouble in report.Troubles ?? [])
                Console.WriteLine($"at the moment {trouble}");
        }
        return ExitCode.Done;
    }

    private static async Task<int> ListAsync(CoordinatorClient coordinator, bool json, CancellationToken cancellation)
    {
        var atlases = await coordinator.GetAsync<List<ListedAtlas>>("atlases", cancellation);
        if (json)
        {
            Console.WriteLine(Encoding.UTF8.GetString(VizJson.Write(atlases)));
            return ExitCode.Done;
        }
        var table = new Table().Border(TableBorder.Simple).AddColumns("atlas", "state", "priority", "jobs", "done", "failed", "planned");
        foreach (var atlas in atlases)
            table.AddRow(
                Markup.Escape(atlas.Id), atlas.State.ToString().ToLowerInvariant(), $"{atlas.Priority}", $"{atlas.Jobs:N0}",
                $"{atlas.Done:N0}", $"{atlas.Failed:N0}", $"{atlas.CreatedAt:yyyy-MM-dd HH:mm} UTC");
        if (atlases.Count == 0)
            Console.WriteLine("This cluster has no atlases yet; create one with `viz submit`");
        else
            ConsoleOutput.Wide().Write(table);
        StatusText.WriteUnserved(ConsoleOutput.Wide(), atlases.SelectMany(atlas => atlas.Unserved).GroupBy(jobs => jobs.Kind)
            .OrderBy(kind => kind.Key).Select(kind => new UnservedJobs(kind.Key, kind.Sum(jobs => jobs.Jobs))));
        return ExitCode.Done;
    }
}
