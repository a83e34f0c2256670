using System.CommandLine;
using VizPipeline.Cli.Cluster;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Cli.Transfer;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz push</c> and <c>viz pull</c>: copy finished atlases between folders and a cluster.</summary>
internal static class TransferCommands
{
    public static Command Push()
    {
        var folder = new Argument<string>("atlas") { Description = "The folder of a finished atlas" };
        var imagesAt = new Option<string?>("--images-at")
        {
            Description = "Location of the images on the workers: a folder or s3://BUCKET/PREFIX; default: that of the run",
        };
        var coordinator = CoordinatorOption.Create();
        var command = new Command("push", "Copy a finished atlas from a folder to a cluster") { folder, imagesAt, coordinator };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = new CoordinatorClient(parsed.GetValue(coordinator));
            var atlas = await StoredAtlas.OpenAsync(parsed.GetRequiredValue(folder), cancellation);
            AtlasWriting.CheckFinished(atlas);
            await GoOnLaterAsync(() => AtlasPush.RunAsync(atlas, client, parsed.GetValue(imagesAt), Console.WriteLine, cancellation));
            Console.WriteLine($"Done: the cluster has atlas '{atlas.Spec.Id}' with every file. The folder is as it was");
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Pull()
    {
        var atlas = new Argument<string>("atlas") { Description = "The id of a finished atlas of the cluster" };
        var target = new Option<string>("--to")
        {
            Description = "The folder for the atlas; it must not exist, or be empty",
            Required = true,
        };
        var coordinator = CoordinatorOption.Create();
        var command = new Command("pull", "Copy a finished atlas from a cluster to a folder") { atlas, target, coordinator };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = new CoordinatorClient(parsed.GetValue(coordinator));
            var to = parsed.GetRequiredValue(target);
            await GoOnLaterAsync(() => AtlasPull.RunAsync(
                parsed.GetRequiredValue(atlas), to, client, Console.WriteLine, cancellation));
            Console.WriteLine($"Done. `viz serve {to}` shows the atlas, `viz verify {to}` checks it");
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task GoOnLaterAsync(Func<Task> transfer)
    {
        try
        {
            await transfer();
        }
        catch (ServiceAwayException away)
        {
            throw new ServiceAwayException($"{away.Message}; the same command goes on where it stopped");
        }
    }
}
