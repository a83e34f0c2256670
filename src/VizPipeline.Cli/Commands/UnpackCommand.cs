using System.CommandLine;
using VizPipeline.Atlas.Web;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Packing;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz unpack FILE --to FOLDER</c>: reads an atlas that <c>viz pack</c> wrote, and checks every file.</summary>
internal static class UnpackCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "A file that `viz pack` wrote" };
        var target = new Option<string>("--to")
        {
            Description = "The folder for the atlas; it must not exist, or be empty",
            Required = true,
        };
        var command = new Command("unpack", "Read an atlas from one file that `viz pack` wrote, and check every file in it")
        {
            file, target,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetRequiredValue(file), parsed.GetRequiredValue(target), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string file, string target, CancellationToken cancellation)
    {
        await AtlasUnpacking.RunAsync(
            file,
            target,
            list => Console.WriteLine(
                $"Unpacking atlas '{list.Atlas}' into {target}: {Format.Counted(list.Entries.Count, "file")}, "
                + ByteSize.Format(list.CountBytes())),
            cancellation);
        Console.WriteLine($"Done: every file is as it was packed. `viz serve {target}` shows the atlas");
        return ExitCode.Done;
    }
}
