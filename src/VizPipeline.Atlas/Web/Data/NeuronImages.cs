using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.ObjectStore;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>Some images of a neuron in the order of its activation, from the strongest to the least.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Neuron">The neuron.</param>
/// <param name="Rows">The images, the strongest first.</param>
/// <param name="First">How many images are stronger.</param>
/// <param name="Total">Number of images that can be shown.</param>
/// <param name="IsComplete">Whether these are all images, not only the top list.</param>
public sealed record NeuronImages(
    Layer Layer, Neuron Neuron, IReadOnlyList<NeuronImage> Rows, int First, int Total, bool IsComplete)
{
    /// <summary>Number of images on a page.</summary>
    public const int PageSize = 48;

    /// <summary>Where the page is between the strongest images, 0, and the least, 100.</summary>
    public double Percent => Total <= PageSize ? 0 : 100.0 * First / (Total - PageSize);

    /// <summary>Reads a page.</summary>
    /// <param name="store">The object store.</param>
    /// <param name="catalog">The catalog.</param>
    /// <param name="atlas">The atlas.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="channel">The neuron.</param>
    /// <param name="subset">The images that count.</param>
    /// <param name="at">Where the page is, in percent from the strongest image; used if <paramref name="from"/> is null.</param>
    /// <param name="from">How many images are stronger than the first one; null to follow <paramref name="at"/>.</param>
    /// <param name="cancellation">Cancels the reads.</param>
    /// <exception cref="NotFoundException">There is no such neuron, or neither activations nor a top list.</exception>
    /// <exception cref="QueryException">A value is out of range, or there is no such class.</exception>
    internal static async Task<NeuronImages> ReadAsync(
        IObjectStore store, CatalogContext catalog, LoadedAtlas atlas, Layer layer, int channel, ImageSubset subset, double at, int? from,
        CancellationToken cancellation)
    {
        if (at is not (>= 0 and <= 100))
            throw new QueryException("at: give a number from 0, the strongest images, to 100, the least");
        var id = layer.Id;
        var neuron = await catalog.Neurons.AsNoTracking().SingleOrDefaultAsync(
            row => row.LayerId == id && row.Channel == channel, cancellation)
            ?? throw new NotFoundException($"Layer '{layer.Name}' has no neuron {channel}. It has {Format.Number(layer.Channels)}.");
        var queries = new ActivationQueries(store, catalog, atlas);
        int ChooseFirst(int total) => Math.Clamp(from ?? (int)Math.Round(at / 100 * (total - PageSize)), 0, Math.Max(0, total - PageSize));
        if (await queries.HasAsync(layer, cancellation))
        {
            var (rows, first, total) = await queries.ReadImagesAsync(
                layer, channel, subset, ActivationOrder.Strongest, ChooseFirst, PageSize, cancellation);
            // Positions of the strongest images are known also where --keep-positions was not given.
            if (rows.Any(row => row.Y is null) && await queries.TryReadTopAsync(layer, channel, cancellation) is { Count: > 0 } top)
            {
                var places = top.ToDictionary(entry => entry.Image.Image, entry => entry.Image);
                rows = [.. rows.Select(
                    row => places.TryGetValue(row.Image, out var known) ? row with { Y = known.Y, X = known.X } : row)];
            }
            return new NeuronImages(layer, neuron, rows, first, total, IsComplete: true);
        }
        NeuronImage[] list = [.. (await queries.ReadTopAsync(layer, channel, int.MaxValue, cancellation)).Select(entry => entry.Image)];
        var start = ChooseFirst(list.Length);
        return new NeuronImages(layer, neuron, [.. list.Skip(start).Take(PageSize)], start, list.Length, IsComplete: false);
    }

    /// <summary>
    /// Finds the part of the input that a row's activation sees, clipped to the input: x, y, width, height in pixels; null if the
    /// position is unknown, or the neuron sees everything.
    /// </summary>
    public static (double X, double Y, double Width, double Height)? FindBox(
        Layer layer, NeuronImage row, int inputHeight, int inputWidth)
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (layer.SeesWholeInput || row is not { Y: { } y, X: { } x })
            return null;
        static (double Start, double Length) Axis(double centre, int stride, int size, int at, int input)
        {
            var start = centre + ((double)stride * at) - ((size - 1) / 2.0);
            var (low, high) = (Math.Clamp(start, 0, input), Math.Clamp(start + size, 0, input));
            return (low, high - low);
        }
        var (top, height) = Axis(layer.StartY, layer.StrideY, layer.FieldHeight, y, inputHeight);
        var (left, width) = Axis(layer.StartX, layer.StrideX, layer.FieldWidth, x, inputWidth);
        return (left, top, width, height);
    }
}

/// <summary>An image and a neuron's activation on it.</summary>
/// <param name="Image">Index of the image.</param>
/// <param name="Path">Its path in the set.</param>
/// <param name="Class">Its class, or null.</param>
/// <param name="Activation">The activation.</param>
/// <param name="Y">Row of the maximum in the map; null if unknown.</param>
/// <param name="X">Column of the maximum in the map; null if unknown.</param>
public sealed record NeuronImage(int Image, string Path, string? Class, float Activation, int? Y, int? X);
