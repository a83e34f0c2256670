using Microsoft.Extensions.Caching.Memory;
using VizPipeline.Images;
using VizPipeline.ObjectStore;

namespace VizPipeline.Atlas.Web;

/// <summary>
/// Creates tiles, small pictures of neurons, from the stored pictures on demand and caches them in a bounded amount of memory.
/// </summary>
public sealed class Tiles(IObjectStore store, LinkTables links) : IDisposable
{
    /// <summary>The longer edge of a tile in pixels.</summary>
    public const int Size = 132;

    private static readonly long Bound = MemoryBound.Calculate(96 << 20, 0.08);
    private const int Quality = 82;
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = Bound });
    private readonly SemaphoreSlim _turns = new(Math.Max(2, Environment.ProcessorCount));

    /// <summary>Returns a tile as JPEG; null if the neuron has no such picture.</summary>
    /// <exception cref="ObjectStoreException">The object store cannot be read.</exception>
    public async Task<byte[]?> FindAsync(string atlas, string layer, TileView view, int channel, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(view);
        var name = (atlas, layer, view.Id, channel);
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

    /// <summary>Scales a picture to the size of a tile.</summary>
    /// <param name="picture">The picture as PNG.</param>
    /// <param name="firstCell">Whether to use only the first of its 3x3 cells.</param>
    public static byte[] Draw(byte[] picture, bool firstCell)
    {
        var image = Png.Decode(picture);
        return Draw(firstCell ? image.Crop(0, 0, Math.Max(1, image.Width / 3), Math.Max(1, image.Height / 3)) : image);
    }

    /// <summary>Scales a picture to the size of a tile.</summary>
    public static byte[] Draw(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var scale = (double)Size / Math.Max(image.Width, image.Height);
        var (width, height) = (Math.Max(1, (int)Math.Round(image.Width * scale)), Math.Max(1, (int)Math.Round(image.Height * scale)));
        return Jpeg.Encode(Canvas.Scale(image, width, height, scale >= 1 ? Scaling.Nearest : Scaling.Bilinear), Quality);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cache.Dispose();
        _turns.Dispose();
    }

    private async Task<byte[]?> DrawAsync(string atlas, string layer, TileView view, int channel, CancellationToken cancellation)
    {
        if (view.Key(atlas, layer, channel) is { } key)
            return await store.TryGetAsync(key, cancellation) is { } picture ? Draw(picture, firstCell: view == TileView.Top1) : null;
        return await links.FindAsync(atlas, layer, cancellation) is { } table && FilterTile.Draw(table, channel) is { } filter
            ? Draw(filter) : null;
    }
}
