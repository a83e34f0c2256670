using VizPipeline.Atlas.Web;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;

namespace VizPipeline.Cli.Embedded;

/// <summary>The activity on atlases in folders: the process that builds one holds a lock on its catalog.</summary>
internal sealed class FolderActivity(IReadOnlyDictionary<string, StoredAtlas> atlases) : IAtlasActivity
{
    public async Task<string?> ExplainStopAsync(CatalogContext catalog, string atlas, CancellationToken cancellation)
    {
        if (!atlases.TryGetValue(atlas, out var stored) || stored.Database.IsLed())
            return null;
        // The catalog of several folders is a copy, made when the server started.
        await using var original = stored.Database.Open();
        return await original.FindAtlasAsync(stored.Spec.Id, cancellation) is { State: not AtlasState.Running }
            ? "It has ended since this server started. Start `viz serve` again to see the rest."
            : "No process is building this atlas. The command that started it, `viz run` or `viz demo`, goes on where it stopped.";
    }
}
