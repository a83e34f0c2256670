using Microsoft.EntityFrameworkCore;

namespace VizPipeline.Catalog;

/// <summary>Copies an atlas that has ended from one catalog to another, which may be of another database.</summary>
public static class CatalogCopy
{
    private const int RowsAtOnce = 50_000;

    /// <summary>Copies the atlas with its layers, neurons, patches, pictures, facets, images, classes and jobs.</summary>
    /// <param name="from">The catalog to read.</param>
    /// <param name="atlas">The atlas's row in it.</param>
    /// <param name="to">The catalog to write, inside a transaction. It has no atlas of this id.</param>
    /// <param name="cancellation">Cancels the operation; roll the transaction back.</param>
    /// <returns>The atlas's new row.</returns>
    public static async Task<Atlas> CopyAsync(CatalogContext from, Atlas atlas, CatalogContext to, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(atlas);
        ArgumentNullException.ThrowIfNull(to);
        var copy = new Atlas
        {
            Slug = atlas.Slug,
            Name = atlas.Name,
            SpecHash = atlas.SpecHash,
            Spec = atlas.Spec,
            State = atlas.State,
            CreatedAt = atlas.CreatedAt,
            FinishedAt = atlas.FinishedAt,
            SecondsByKind = atlas.SecondsByKind,
            Priority = atlas.Priority,
            CancelledAt = atlas.CancelledAt,
        };
        to.Add(copy);
        await to.SaveChangesAsync(cancellation);

        await CopyRowsAsync(
            from.ImageClasses.Where(row => row.AtlasId == atlas.Id).OrderBy(row => row.ClassIndex), to,
            row => row.AtlasId = copy.Id, cancellation);
        await CopyRowsAsync(
            from.Images.Where(row => row.AtlasId == atlas.Id).OrderBy(row => row.ImageIndex), to, row => row.AtlasId = copy.Id,
            cancellation);
        await CopyRowsAsync(
            from.Jobs.Where(row => row.AtlasId == atlas.Id).OrderBy(row => row.JobId), to, row => row.AtlasId = copy.Id, cancellation);
        foreach (var layer in await from.Layers.AsNoTracking().Where(row => row.AtlasId == atlas.Id).OrderBy(row => row.LayerIndex)
            .ToListAsync(cancellation))
        {
            var before = layer.Id;
            (layer.Id, layer.AtlasId) = (0, copy.Id);
            to.Add(layer);
            await to.SaveChangesAsync(cancellation);
            await CopyRowsAsync(
                from.Neurons.Where(row => row.LayerId == before).OrderBy(row => row.Channel), to, row => row.LayerId = layer.Id,
                cancellation);
            await CopyRowsAsync(
                from.Patches.Where(row => row.LayerId == before).OrderBy(row => row.Channel).ThenBy(row => row.Rank), to,
                row => row.LayerId = layer.Id, cancellation);
            await CopyRowsAsync(
                from.Pictures.Where(row => row.LayerId == before).OrderBy(row => row.Channel).ThenBy(row => row.Method)
                    .ThenBy(row => row.Variant).ThenBy(row => row.Seed),
                to, row => row.LayerId = layer.Id, cancellation);
            await CopyRowsAsync(
                from.Facets.Where(row => row.LayerId == before).OrderBy(row => row.Channel).ThenBy(row => row.Number), to,
                row => row.LayerId = layer.Id, cancellation);
        }
        return copy;
    }

    private static async Task CopyRowsAsync<T>(
        IQueryable<T> rows, CatalogContext to, Action<T> change, CancellationToken cancellation)
        where T : class
    {
        var part = new List<T>();
        await foreach (var row in rows.AsNoTracking().AsAsyncEnumerable().WithCancellation(cancellation))
        {
            change(row);
            part.Add(row);
            if (part.Count < RowsAtOnce)
                continue;
            await to.InsertAsync(part, cancellation);
            part.Clear();
        }
        await to.InsertAsync(part, cancellation);
    }
}
