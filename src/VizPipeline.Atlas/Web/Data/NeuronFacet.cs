using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>A facet of a neuron with its pictures.</summary>
/// <param name="Facet">The facet.</param>
/// <param name="Patches">Its first nine patches; null if they were taken away.</param>
/// <param name="Mean">The mean of these patches; null likewise.</param>
/// <param name="Ascent">The ascent that starts at the mean; null likewise.</param>
public sealed record NeuronFacet(Facet Facet, Picture? Patches, Picture? Mean, Picture? Ascent)
{
    /// <summary>Reads the facets of a neuron by number; empty if none were looked for.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="layer">The layer of the neuron.</param>
    /// <param name="channel">The neuron.</param>
    /// <param name="pictures">The pictures of the neuron.</param>
    /// <param name="cancellation">Cancels the query.</param>
    public static async Task<IReadOnlyList<NeuronFacet>> ReadAsync(
        CatalogContext catalog, Layer layer, int channel, IEnumerable<Picture> pictures, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var facets = await catalog.Facets.AsNoTracking().Where(facet => facet.LayerId == layer.Id && facet.Channel == channel)
            .OrderBy(facet => facet.Number).ToListAsync(cancellation);
        var known = Index(pictures);
        return [.. facets.Select(facet => Create(facet, known))];
    }

    /// <summary>Reads the facets of all neurons of a layer, by channel and number.</summary>
    internal static async Task<IReadOnlyList<NeuronFacet>> ReadAllAsync(
        CatalogContext catalog, int layer, CancellationToken cancellation)
    {
        var facets = await catalog.Facets.AsNoTracking().Where(facet => facet.LayerId == layer)
            .OrderBy(facet => facet.Channel).ThenBy(facet => facet.Number).ToListAsync(cancellation);
        if (facets.Count == 0)
            return [];
        var known = Index(await catalog.Pictures.AsNoTracking()
            .Where(picture => picture.LayerId == layer && picture.Method == PictureMethod.Facets).ToListAsync(cancellation));
        return [.. facets.Select(facet => Create(facet, known))];
    }

    private static Dictionary<(int Channel, string Variant), Picture> Index(IEnumerable<Picture> pictures) => pictures
        .Where(picture => picture.Method == PictureMethod.Facets).ToDictionary(picture => (picture.Channel, picture.Variant));

    private static NeuronFacet Create(Facet facet, Dictionary<(int Channel, string Variant), Picture> pictures)
    {
        return new NeuronFacet(facet, Find(FacetPicture.Patches), Find(FacetPicture.Mean), Find(FacetPicture.Ascent));

        Picture? Find(string content) => pictures.GetValueOrDefault((facet.Channel, FacetPicture.Variant(facet.Number, content)));
    }
}
