using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Verify;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz verify ATLAS</c>: computes some neurons again, in another way, and says whether the atlas is right.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("atlas") { Description = "The folder of an atlas; with --cluster the name of one" };
        var cluster = new Option<bool>("--cluster")
        {
            Description = "An atlas of a cluster, by the settings Postgres__ and ObjectStore__ in the environment, as services have them",
        };
        var neurons = new Option<int>("--neurons") { Description = "Neurons to compute again, drawn at random", DefaultValueFactory = _ => 24 };
        var seed = new Option<int>("--seed") { Description = "Another seed draws other neurons", DefaultValueFactory = _ => 0 };
        var model = new Option<string?>("--model") { Description = "The model's file, where it has moved" };
        var weights = new Option<string?>("--weights") { Description = "The weights' file, where it has moved" };
        var images = new Option<string?>("--images") { Description = "The images' folder, where it has moved" };
        var command = new Command("verify", "Compute a sample of an atlas again, one image at a time, and compare")
        {
            folder, cluster, neurons, seed, model, weights, images,
        };
        command.SetAction((parsed, cancellation) => Run(
            parsed.GetRequiredValue(folder),
            parsed.GetValue(cluster),
            new VerifyOptions
            {
                Neurons = parsed.GetValue(neurons),
                Seed = parsed.GetValue(seed),
                Model = parsed.GetValue(model),
                Weights = parsed.GetValue(weights),
                Images = parsed.GetValue(images),
            },
            cancellation));
        return command;
    }

    private static async Task<int> Run(string name, bool isOnCluster, VerifyOptions options, CancellationToken cancellation)
    {
        if (options.Neurons < 1)
            throw new UsageException($"--neurons must be 1 or more, not {options.Neurons}");
        using var atlas = isOnCluster
            ? await VerifiedAtlas.OnClusterAsync(name, cancellation)
            : await VerifiedAtlas.InFolderAsync(name, cancellation);
        var result = await AtlasVerification.RunAsync(atlas, options, cancellation);
        foreach (var finding in result.Findings)
            Console.WriteLine(finding);
        Console.WriteLine(
            $"{result.Neurons:N0} neurons with {result.Patches:N0} patches computed again on {result.Images:N0} single images, {result.Pictures:N0} pictures read: "
            + (result.Findings.Count == 0 ? "all agree" : $"{result.Findings.Count:N0} disagreements"));
        return result.Findings.Count == 0 ? ExitCode.Done : ExitCode.Failures;
    }
}
