using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Verify;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz verify ATLAS</c>: computes some neurons again in a different way and compares them with the atlas.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("atlas") { Description = "The folder of an atlas, or with --cluster its id" };
        var cluster = new Option<bool>("--cluster")
        {
            Description = "Verify an atlas of a cluster, with the settings Postgres__ and ObjectStore__ of its services in the environment",
        };
        var neurons = new Option<int>("--neurons")
        {
            Description = "Number of neurons to compute again, drawn at random",
            DefaultValueFactory = _ => 24,
        };
        var quick = new Option<bool>("--quick")
        {
            Description = "Compute only the images of the patches and 32 others: statistics over all images are not compared",
        };
        var seed = new Option<int>("--seed") { Description = "Seed of the random draw", DefaultValueFactory = _ => 0 };
        var model = new Option<string?>("--model") { Description = "The model file, if it has moved" };
        var weights = new Option<string?>("--weights") { Description = "The weights file, if it has moved" };
        var images = new Option<string?>("--images") { Description = "The image folder, if it has moved" };
        var command = new Command(
            "verify", "Compute a sample of an atlas again, one image at a time, and compare it and all files with what the run recorded")
        {
            folder, cluster, neurons, quick, seed, model, weights, images,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetRequiredValue(folder),
            parsed.GetValue(cluster),
            new VerifyOptions
            {
                Neurons = parsed.GetValue(neurons),
                IsQuick = parsed.GetValue(quick),
                Seed = parsed.GetValue(seed),
                Model = parsed.GetValue(model),
                Weights = parsed.GetValue(weights),
                Images = parsed.GetValue(images),
            },
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string name, bool isOnCluster, VerifyOptions options, CancellationToken cancellation)
    {
        if (options.Neurons < 1)
            throw new UsageException($"--neurons must be 1 or more, not {options.Neurons}");
        using var atlas = isOnCluster
            ? await VerifiedAtlas.OnClusterAsync(name, cancellation)
            : await VerifiedAtlas.InFolderAsync(name, cancellation);
        var result = await AtlasVerification.RunAsync(atlas, options, cancellation);
        foreach (var finding in result.Findings)
            Console.WriteLine(finding);
        foreach (var line in result.Describe())
            Console.WriteLine(line);
        return result.Findings.Count == 0 ? ExitCode.Done : ExitCode.Failures;
    }
}
