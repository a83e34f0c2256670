using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz rename ATLAS NEW-ID</c>: changes id and display name of a finished atlas.</summary>
internal static class RenameCommand
{
    private const int LongestName = 200;

    public static Command Create()
    {
        var folder = new Argument<string>("atlas") { Description = "The folder of a finished atlas; it keeps its own name" };
        var id = new Argument<string>("id") { Description = "The new id: 3 to 64 characters of a-z, 0-9 and '-'" };
        var name = new Option<string?>("--name") { Description = "The new display name; default: the present one" };
        var command = new Command("rename", "Change the id and the display name of a finished atlas") { folder, id, name };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetRequiredValue(folder), parsed.GetRequiredValue(id), parsed.GetValue(name), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string folder, string id, string? name, CancellationToken cancellation)
    {
        if (!AtlasSpec.IsId(id))
            throw new UsageException($"id '{id}' must be 3 to 64 characters of a-z, 0-9 and '-', and not begin with '-'");
        if (name is not null && (string.IsNullOrWhiteSpace(name) || name.Length > LongestName || name.Any(char.IsControl)))
            throw new UsageException($"--name must be one line of 1 to {LongestName} characters");
        var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
        AtlasWriting.CheckFinished(atlas);
        await AtlasRenaming.WriteAsync(atlas, id, name, cancellation);
        Console.WriteLine($"Atlas '{atlas.Spec.Id}' is '{id}' now, with the name '{name ?? atlas.Spec.Name}'");
        return ExitCode.Done;
    }
}
