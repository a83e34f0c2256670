using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Publishing;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz cite DIR</c>: prints how to cite a finished atlas.</summary>
internal static class CiteCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("atlas") { Description = "The folder of an atlas" };
        var format = new Option<string>("--format") { Description = "bibtex or text", DefaultValueFactory = _ => "bibtex" };
        var command = new Command("cite", "Print how to cite a finished atlas: what it is, and the hashes of its manifest and spec")
        {
            folder, format,
        };
        command.SetAction((parsed, cancellation) =>
            RunAsync(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(format), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string folder, string format, CancellationToken cancellation)
    {
        if (format is not ("bibtex" or "text"))
            throw new UsageException($"--format '{format}' is unknown; use bibtex or text");
        var citation = await AtlasCitation.ReadAsync(await StoredAtlas.OpenAsync(folder, cancellation), cancellation);
        Console.WriteLine(format == "bibtex" ? citation.ToBibTex() : citation.ToText());
        return ExitCode.Done;
    }
}
