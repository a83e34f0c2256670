using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.Embedded;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Publishing;

/// <summary>
/// What an atlas says about the machine and the user that made it, in the form in which it is published: names of files without their
/// folders, numbers for the names of machines. The hash of the spec does not depend on any of it.
/// </summary>
internal sealed partial class PublicFacts
{
    // Shorter names would be found inside of words.
    private const int ShortestHost = 3;

    private static readonly string[] OptionsWithLayers = ["--layers", "--layer"];

    private readonly Dictionary<string, string> _hosts = [];

    /// <summary>Returns the last part of a path or address, whatever system it is of.</summary>
    public static string LastPart(string path) =>
        path.TrimEnd('/', '\\') is { Length: > 0 } trimmed ? trimmed[(trimmed.LastIndexOfAny(['/', '\\']) + 1)..] : path;

    /// <summary>Reads the names of the machines that worked on an atlas, which texts may contain.</summary>
    public static async Task<PublicFacts> ReadAsync(IObjectStore store, string atlasId, CancellationToken cancellation)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var key in store.ListAsync(AtlasKeys.Machines(atlasId), cancellation))
            names.Add(VizJson.Read<MachineFacts>(await store.GetAsync(key, cancellation)).Host);
        if (await store.TryGetAsync(AtlasKeys.Manifest(atlasId), cancellation) is { } bytes)
            names.UnionWith(VizJson.Read<AtlasManifest>(bytes).Machines.Select(machine => machine.Host));
        var facts = new PublicFacts();
        foreach (var name in names)
            facts._hosts[name] = $"machine-{facts._hosts.Count + 1}";
        return facts;
    }

    /// <summary>Returns a spec without the folders of its files.</summary>
    public static AtlasSpec Of(AtlasSpec spec) => spec with
    {
        Model = spec.Model with
        {
            Model = LastPart(spec.Model.Model),
            Weights = spec.Model.Weights is { } weights ? LastPart(weights) : null,
        },
        Images = spec.Images with { Root = LastPart(spec.Images.Root) },
    };

    /// <summary>Returns the manifest with a spec, without folders and names of machines.</summary>
    public AtlasManifest Of(AtlasManifest manifest) => manifest with
    {
        Spec = Of(manifest.Spec),
        Command = manifest.Command is { } command ? Arguments(command) : null,
        Machines = [.. manifest.Machines.Select(Of)],
        Failures = [.. manifest.Failures.Select(failure => failure with { Error = Text(failure.Error) })],
        Revisions = [.. manifest.Revisions.Select(revision => revision with
        {
            Command = revision.Command is { } command ? Arguments(command) : null,
        })],
    };

    /// <summary>Adds the objects that have to change: the facts of the machines, and the image list.</summary>
    public async Task AddAsync(IObjectStore store, string atlasId, ObjectChanges changes, CancellationToken cancellation)
    {
        await foreach (var key in store.ListAsync(AtlasKeys.Machines(atlasId), cancellation))
        {
            // The key follows from the content, and would let a guessed name be checked.
            var facts = Of(VizJson.Read<MachineFacts>(await store.GetAsync(key, cancellation)));
            changes.Delete(key);
            changes.Replace(AtlasKeys.Machine(atlasId, facts), VizJson.Write(facts));
        }
        if (await store.TryGetAsync(AtlasKeys.ImageList(atlasId), cancellation) is not { } bytes)
            return;
        var list = VizJson.Read<ImageList>(bytes);
        if (list.Images.Any(image => image.Unreadable is not null))
            changes.Replace(AtlasKeys.ImageList(atlasId), VizJson.Write(list with
            {
                Images = [.. list.Images.Select(image => image with { Unreadable = Text(image.Unreadable) })],
            }));
    }

    /// <summary>Changes the rows of a catalog's copy: workers, what jobs say about them, and errors.</summary>
    public async Task WriteCatalogAsync(CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await catalog.Database.BeginTransactionAsync(cancellation);
        await catalog.Workers.ExecuteDeleteAsync(cancellation);
        var workers = await catalog.Jobs.Where(job => job.Worker != null).Select(job => job.Worker!).Distinct().ToListAsync(cancellation);
        foreach (var (index, worker) in workers.Order(StringComparer.Ordinal).Index())
            await catalog.Jobs.Where(job => job.Worker == worker)
                .ExecuteUpdateAsync(set => set.SetProperty(job => job.Worker, $"worker-{index + 1}"), cancellation);
        // Only retries ask on which worker a job failed.
        await catalog.Jobs.Where(job => job.FailedOn != null)
            .ExecuteUpdateAsync(set => set.SetProperty(job => job.FailedOn, (string?)null), cancellation);
        foreach (var job in await catalog.Jobs.AsTracking().Where(job => job.Error != null).ToListAsync(cancellation))
            job.Error = Text(job.Error);
        foreach (var image in await catalog.Images.AsTracking().Where(image => image.UnreadableReason != null).ToListAsync(cancellation))
            image.UnreadableReason = Text(image.UnreadableReason);
        await catalog.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Copies a catalog to a file, changed, without the space of what it loses and what that contained.</summary>
    /// <param name="from">The catalog.</param>
    /// <param name="file">The file to write, in a folder of its own.</param>
    /// <param name="change">Changes the copy.</param>
    /// <param name="cancellation">Cancels.</param>
    public static async Task CopyCatalogAsync(
        SqliteCatalogDatabase from, string file, Func<SqliteCatalogDatabase, Task> change, CancellationToken cancellation)
    {
        var draft = file + ".draft";
        await from.CopyToAsync(draft, cancellation);
        var database = new SqliteCatalogDatabase(draft);
        await change(database);
        await database.SealAsync(cancellation);
        await SqliteCatalogDatabase.ForReading(draft).CopyToAsync(file, cancellation);
        File.Delete(draft);
    }

    /// <summary>Returns a text for people without the folders of the paths in it and without names of machines.</summary>
    public string? Text(string? text)
    {
        if (text is null)
            return null;
        text = Folders().Replace(text, "");
        foreach (var (host, number) in _hosts.Where(host => host.Key.Length >= ShortestHost))
            text = text.Replace(host, number, StringComparison.Ordinal);
        return text;
    }

    // But for names of layers, which may contain slashes.
    private IReadOnlyList<string> Arguments(IReadOnlyList<string> arguments) =>
        [.. arguments.Select((argument, i) => i > 0 && OptionsWithLayers.Contains(arguments[i - 1]) ? argument : Argument(argument))];

    // Lists and NAME=FILE part by part; a path may contain the same signs, and then is one part.
    private string Argument(string argument) =>
        Path.IsPathRooted(argument) || argument is ['.' or '~', ..] || argument.Contains("://", StringComparison.Ordinal)
            ? LastPart(argument)
            : Text(string.Join(',', argument.Split(',').Select(part => string.Join('=', part.Split('=').Select(LastPart)))))!;

    private MachineFacts Of(MachineFacts machine) => machine with { Host = _hosts.GetValueOrDefault(machine.Host, "machine") };

    // Absolute paths up to their last slash. Folders may have any signs but quotes: rather too much of a line goes than too little.
    [GeneratedRegex(@"(?<![A-Za-z0-9_.\-/\\])(?:[A-Za-z]:[\\/]|[\\/])(?:[^/\\\r\n'""()]*[/\\])*")]
    private static partial Regex Folders();
}
