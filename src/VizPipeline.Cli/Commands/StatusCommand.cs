using System.CommandLine;
using System.Text;
using VizPipeline.Cli.Cluster;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Status;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Commands;

/// <summary>
/// <c>viz status DIR</c>: shows the progress and the failures of an atlas. It only reads, so it works while the atlas is being built.
/// </summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var folder = new Argument<string?>("atlas")
        {
            Description = "The folder of an atlas, or with --coordinator its id; default: list all atlases of the cluster",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var coordinator = CoordinatorOption.Create();
        var watch = new Option<bool>("--watch") { Description = "Show the progress until the atlas is finished" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object on one line, for scripts" };
        var command = new Command("status", "Show the progress, failures and cost of an atlas") { folder, json, coordinator, watch };
        command.SetAction((parsed, cancellation) =>
        {
            var (atlas, address) = (parsed.GetValue(folder), parsed.GetValue(coordinator));
            // An existing folder takes precedence over the coordinator in the environment.
            var isLocal = address is null && atlas is not null
                && (Directory.Exists(atlas) || Environment.GetEnvironmentVariable("VIZ_COORDINATOR") is null);
            return isLocal
                ? RunAsync(atlas!, parsed.GetValue(json), cancellation)
                : ClusterStatus.RunAsync(address, atlas, parsed.GetValue(json), parsed.GetValue(watch), cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(string folder, bool json, CancellationToken cancellation)
    {
        var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
        await using var catalog = atlas.Database.Open();
        var status = await AtlasStatus.ReadAsync(catalog, atlas.Row, cancellation);
        if (json)
            Console.WriteLine(Encoding.UTF8.GetString(VizJson.Write(status)));
        else
            StatusText.Write(ConsoleOutput.Wide(), status, "the same `viz run` command");
        return ExitCode.Done;
    }
}
