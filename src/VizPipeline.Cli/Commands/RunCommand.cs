using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz run</c>: builds an atlas of a network over a set of images on this machine.</summary>
internal sealed class RunCommand
{
    private readonly AtlasOptions _atlas = new();
    private readonly Option<string?> _cache = new("--cache")
    {
        Description = "Folder of the cache of decoded images, or 'none'; default: ~/.cache/vizpipeline",
    };
    private readonly Option<string?> _out = new("--out")
    {
        Description = "Folder of the atlas; running the same command again resumes it; default: atlas-NAME",
    };

    public static Command Create()
    {
        var run = new RunCommand();
        var command = new Command("run", "Build the atlas of a network over a set of images, or resume it");
        run._atlas.AddTo(command);
        command.Options.Add(run._cache);
        command.Options.Add(run._out);
        command.SetAction(run.RunAsync);
        return command;
    }

    private Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var request = _atlas.CreateRequest(parsed, isHere: true, cancellation);
        var cache = parsed.GetValue(_cache);
        return AtlasBuild.RunAsync(
            request, parsed.GetValue(_out) ?? $"atlas-{AtlasSpecs.Slug(request.Name)}", cache == "none" ? "" : cache, cancellation);
    }
}
