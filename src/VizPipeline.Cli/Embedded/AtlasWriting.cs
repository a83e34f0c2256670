using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;

namespace VizPipeline.Cli.Embedded;

/// <summary>Changes an atlas that has ended, alone.</summary>
internal static class AtlasWriting
{
    /// <summary>Refuses an atlas that is not finished, or on which another process works.</summary>
    /// <exception cref="UsageException">It is being built, or was stopped before its end.</exception>
    public static void CheckFinished(StoredAtlas atlas)
    {
        if (atlas.Row.State == AtlasState.Running)
            throw new UsageException($"atlas '{atlas.Spec.Id}' is not finished; finish it first, with the command that began it");
        if (atlas.Database.IsLed())
            throw IsBusy(atlas);
    }

    /// <summary>
    /// Lets <paramref name="write"/> change the catalog and the folder while no other process does, and seals the catalog.
    /// </summary>
    /// <exception cref="UsageException">Another process works on the atlas.</exception>
    /// <exception cref="CatalogUnusableException">
    /// This user may not write to the folder, or the catalog is of another version.
    /// </exception>
    public static async Task RunAloneAsync(
        StoredAtlas atlas, Func<SqliteCatalogDatabase, Task> write, CancellationToken cancellation)
    {
        var database = new SqliteCatalogDatabase(atlas.Database.Place);
        await using (var alone = await database.TryLeadAsync(cancellation) ?? throw IsBusy(atlas))
        {
            await database.CheckSchemaAsync(cancellation);
            await write(database);
        }
        await database.SealAsync(CancellationToken.None);
    }

    private static UsageException IsBusy(StoredAtlas atlas) =>
        new($"another process works on atlas '{atlas.Spec.Id}'; wait until it is done");
}
