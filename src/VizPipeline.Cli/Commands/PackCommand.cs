using System.CommandLine;
using VizPipeline.Atlas.Web;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Cli.Packing;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz pack ATLAS --to FILE</c>: writes a finished atlas into one file, to move or to publish it.</summary>
internal static class PackCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("atlas") { Description = "The folder of a finished atlas" };
        var target = new Option<string>("--to") { Description = "The file to write, for example demo.viz.tar", Required = true };
        var withSources = new Option<bool>("--with-sources")
        {
            Description = "Include pictures that show pixels of the image set, whose licence may not allow publishing them",
        };
        var withNotes = new Option<bool>("--with-notes")
        {
            Description = "Include the lists of neurons and their notes, which are personal",
        };
        var command = new Command(
            "pack", "Write a finished atlas into one file, which `viz unpack` reads; without pixels of the image set by default")
        {
            folder, target, withSources, withNotes,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetRequiredValue(folder), parsed.GetRequiredValue(target), parsed.GetValue(withSources), parsed.GetValue(withNotes),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        string folder, string target, bool withSources, bool withNotes, CancellationToken cancellation)
    {
        var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
        AtlasWriting.CheckFinished(atlas);
        CheckTarget(atlas, target);
        using var pack = await AtlasPack.PlanAsync(atlas, target, withSources, withNotes, cancellation: cancellation);
        Console.WriteLine(
            $"Packing atlas '{atlas.Spec.Id}' into {target}: {Format.Counted(pack.Sources.Count, "file")}, {ByteSize.Format(pack.Bytes)}");
        foreach (var part in pack.LeftOut)
            Console.WriteLine($"  without {Describe(part)}");
        if (pack.LeavesNotes)
            Console.WriteLine("  without lists and notes (--with-notes includes them)");
        if (pack.Foreign > 0)
            Console.WriteLine($"  without {Format.Counted(pack.Foreign, "file")} that the atlas did not write");
        pack.Write(cancellation);
        Console.WriteLine($"wrote {target}: {ByteSize.Format(new FileInfo(target).Length)}; `viz unpack {target} --to FOLDER` reads it");
        return ExitCode.Done;
    }

    private static string Describe(PrunedPart part)
    {
        var files = $"{Format.Counted(part.Files, "file")}, {ByteSize.Format(part.Bytes)}";
        return part.Name switch
        {
            "scan" => $"the tallies in scan/, which nothing needs any more: {files}",
            "sheets" => $"the contact sheets, which show pixels of the image set: {files} (--with-sources includes them)",
            _ when SourcePixels.AreIn(part.Name) =>
                $"the {part.Name} pictures, which show pixels of the image set: {files} (--with-sources includes them)",
            _ => $"the {part.Name} pictures: {files}",
        };
    }

    private static void CheckTarget(StoredAtlas atlas, string target)
    {
        if (Directory.Exists(target))
            throw new UsageException($"--to '{target}' is a folder; give a file");
        var inside = Path.GetRelativePath(atlas.Folder, Path.GetFullPath(target));
        if (!inside.StartsWith("..", StringComparison.Ordinal) && !Path.IsPathRooted(inside))
            throw new UsageException($"--to '{target}' is in the folder of the atlas; choose another place");
    }
}
