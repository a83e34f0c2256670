using System.Drawing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using VizPipeline.Catalog;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Atlas.Web;

/// <summary>
/// Creates tiles, small pictures of neurons, from the stored pictures on demand and caches them in a bounded amount of memory.
/// </summary>
public sealed class Tiles(IObjectStore store, LinkTables links, CatalogDatabase database) : IDisposable
{
    /// <summary>The longer edge of a tile in pixels.</summary>
    public const int Size = 132;

    private static readonly long Bound = MemoryBound.Calculate(96 << 20, 0.08);
    private const int Quality = 82;
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = Bound });
    private readonly SemaphoreSlim _turns = new(Math.Max(2, Environment.ProcessorCount));

    /// <summary>Returns a tile as JPEG; null if the neuron has no such picture.</summary>
    /// <exception cref="ObjectStoreException">The object store cannot be read.</exception>
    public async Task<byte[]?> FindAsync(LoadedAtlas atlas, Layer layer, TileView view, int channel, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(atlas);
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(view);
        // With the version, because a rebuilt atlas may have the same ids in the catalog.
        var name = (layer.Id, view.Id, channel, atlas.Version);
        if (_cache.TryGetValue(name, out byte[]? known))
            return known;
        await _turns.WaitAsync(cancellation);
        try
        {
            if (await DrawAsync(atlas, layer, view, channel, cancellation) is not { } tile)
                return null;
            _cache.Set(name, tile, new MemoryCacheEntryOptions { Size = tile.Length, SlidingExpiration = TimeSpan.FromHours(1) });
            return tile;
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>Draws a tile from a stored picture.</summary>
    /// <param name="picture">The picture as PNG.</param>
    /// <param name="view">What the tile shows.</param>
    /// <param name="crops">The effective fields of the neuron's patches by rank, in pixels of the picture's cells.</param>
    public static byte[] Draw(byte[] picture, TileView view, IReadOnlyList<Rectangle?> crops)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(crops);
        var image = Png.Decode(picture);
        if (!view.ShowsPatches)
            return Draw(image);
        var mosaic = PatchMosaic.Detect(image);
        return view == TileView.Top1 ? Draw(mosaic.Cut(image, 1, crops.Count > 0 ? crops[0] : null))
            : Jpeg.Encode(mosaic.DrawCrops(image, crops, Size, isSigned: view == TileView.Deconv), Quality);
    }

    /// <summary>Scales a picture to the size of a tile.</summary>
    public static byte[] Draw(RgbImage image) => Jpeg.Encode(PatchMosaic.Fit(image, Size), Quality);

    /// <summary>Reads the effective fields of a neuron's patches by rank, in pixels of the cells of its pictures.</summary>
    public static async Task<IReadOnlyList<Rectangle?>> ReadCropsAsync(
        CatalogContext catalog, AtlasSpec spec, int layerId, int channel, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var crops = new Rectangle?[PatchMosaic.Cells * PatchMosaic.Cells];
        await foreach (var patch in catalog.Patches.AsNoTracking().Where(patch => patch.LayerId == layerId && patch.Channel == channel)
            .AsAsyncEnumerable().WithCancellation(cancellation))
            crops[patch.Rank - 1] = patch.GetCellCrop(spec);
        return crops;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cache.Dispose();
        _turns.Dispose();
    }

    private async Task<byte[]?> DrawAsync(LoadedAtlas atlas, Layer layer, TileView view, int channel, CancellationToken cancellation)
    {
        if (view.Key(atlas.Id, layer.Name, channel) is not { } key)
            return await links.FindAsync(atlas.Id, layer.Name, cancellation) is { } table
                && FilterTile.Draw(table, channel, view) is { } filter
                ? Draw(filter) : null;
        if (await store.TryGetAsync(key, cancellation) is not { } picture)
            return null;
        if (!view.ShowsPatches)
            return Draw(picture, view, []);
        await using var catalog = database.Open();
        return Draw(picture, view, await ReadCropsAsync(catalog, atlas.Spec, layer.Id, channel, cancellation));
    }
}
