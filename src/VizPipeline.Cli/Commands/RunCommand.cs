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

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Print neurons, images, methods, time and disk, and make nothing",
    };

    public static Command Create()
    {
        var run = new RunCommand();
        var command = new Command("run", "Build the atlas of a network over a set of images, or resume it");
        run._atlas.AddTo(command);
        command.Options.Add(run._cache);
        command.Options.Add(run._out);
        command.Options.Add(run._dryRun);
        command.SetAction(run.RunAsync);
        return command;
    }

    private Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        if (parsed.GetValue(_out) is { Length: > 0 } target)
            CheckFolder(target);
        var request = _atlas.CreateRequest(parsed, isHere: true, cancellation);
        var cache = parsed.GetValue(_cache);
        var folder = parsed.GetValue(_out) ?? $"atlas-{AtlasSpecs.Slug(request.Name)}";
        cache = cache == "none" ? "" : cache;
        if (!parsed.GetValue(_dryRun))
            return AtlasBuild.RunAsync(request, folder, cache, cancellation);
        return PlanAsync(request, folder, cache, cancellation);
    }

    private static async Task<int> PlanAsync(AtlasRequest request, string folder, string? cache, CancellationToken cancellation)
    {
        var spec = AtlasSpecs.Create(request);
        if (File.Exists(EmbeddedAtlas.CatalogFile(folder)))
            await AtlasBuild.PrintGrowthAsync(request, await StoredAtlas.OpenAsync(folder, cancellation), spec, cancellation);
        else
            AtlasBuild.PrintPlan(request, spec, folder, cache);
        return ExitCode.Done;
    }

    /// <summary>Checks that an atlas's files would not be mixed with others.</summary>
    /// <exception cref="UsageException">It is a file, or a folder with other files.</exception>
    internal static void CheckFolder(string folder)
    {
        if (File.Exists(folder))
            throw new UsageException($"--out '{folder}' is a file; give a folder");
        if (!Directory.Exists(folder) || File.Exists(EmbeddedAtlas.CatalogFile(folder)))
            return;
        // What a start that was killed leaves, and what a file system has at its root.
        var other = Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).OfType<string>()
            .Where(name => name is not "lost+found" && name[0] != '~'
                && !name.StartsWith(Path.GetFileName(EmbeddedAtlas.CatalogFile(folder)), StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).FirstOrDefault();
        if (other is not null)
            throw new UsageException($"--out '{folder}' has other files in it ({other}) and no atlas; give a new or an empty folder");
    }
}
