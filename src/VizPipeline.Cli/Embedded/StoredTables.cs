using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Embedded;

/// <summary>The result tables of an atlas that name pictures.</summary>
internal static class StoredTables
{
    /// <summary>Adds the tables that <paramref name="change"/> alters to <paramref name="changes"/>.</summary>
    /// <param name="store">The atlas's objects.</param>
    /// <param name="spec">The atlas.</param>
    /// <param name="change">Changes the pictures of a table.</param>
    /// <param name="sheet">Changes the key of a contact sheet.</param>
    /// <param name="changes">Receives the tables with their new contents.</param>
    /// <param name="cancellation">Cancels reading.</param>
    /// <exception cref="CorruptTableException">A table is damaged.</exception>
    public static async Task ChangeAsync(
        IObjectStore store, AtlasSpec spec, Func<IReadOnlyList<PictureRow>, IEnumerable<PictureRow>> change, Func<string, string> sheet,
        ObjectChanges changes, CancellationToken cancellation)
    {
        foreach (var job in JobPlan.For(spec))
        {
            var row = JobKinds.Get(job.Command);
            if (row.ResultTable != typeof(PictureTable) && row.ResultTable != typeof(SheetTable))
                continue;
            var key = row.GetResultKeyOf(spec, job.Command);
            // Jobs that failed have none.
            if (await store.TryGetAsync(key, cancellation) is not { } before)
                continue;
            var after = row.ResultTable == typeof(SheetTable)
                ? Change(VizJson.Read<SheetTable>(before)) : Change(VizJson.Read<PictureTable>(before));
            if (!after.AsSpan().SequenceEqual(before))
                changes.Replace(key, after);
        }

        byte[] Change<T>(T table) => table switch
        {
            PictureTable pictures => VizJson.Write(pictures with { Pictures = [.. change(pictures.Pictures)] }),
            SheetTable sheets => VizJson.Write(sheets with { SheetKey = sheet(sheets.SheetKey) }),
            _ => throw new NotSupportedException(),
        };
    }
}
