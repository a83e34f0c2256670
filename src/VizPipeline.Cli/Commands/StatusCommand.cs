using System.CommandLine;
using System.Text;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Status;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz status DIR</c>: how far an atlas is and what failed. It only reads, so it may be asked while the atlas grows.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("atlas") { Description = "The folder of an atlas" };
        var json = new Option<bool>("--json") { Description = "One JSON object on one line, for scripts" };
        var command = new Command("status", "Show how far an atlas is, what failed, and what it cost") { folder, json };
        command.SetAction((parsed, cancellation) => Run(parsed.GetRequiredValue(folder), parsed.GetValue(json), cancellation));
        return command;
    }

    private static async Task<int> Run(string folder, bool json, CancellationToken cancellation)
    {
        var status = await AtlasStatus.ReadAsync(await StoredAtlas.OpenAsync(folder, cancellation), cancellation);
        if (json)
            Console.WriteLine(Encoding.UTF8.GetString(VizJson.Write(status)));
        else
            StatusText.Write(ConsoleOutput.Wide(), status);
        return ExitCode.Done;
    }
}
