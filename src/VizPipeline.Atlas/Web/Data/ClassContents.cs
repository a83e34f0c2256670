using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>A class in the list of classes.</summary>
/// <param name="Index">The index of the class.</param>
/// <param name="Name">The name of the class.</param>
/// <param name="Images">The number of its images.</param>
/// <param name="Neurons">The number of neurons whose best class it is.</param>
public sealed record ClassSummary(int Index, string Name, int Images, int Neurons)
{
    /// <summary>Reads all classes that have an image or a neuron.</summary>
    public static async Task<IReadOnlyList<ClassSummary>> ReadAllAsync(
        CatalogContext catalog, LoadedAtlas atlas, CancellationToken cancellation)
    {
        var layers = atlas.Layers.Select(layer => layer.Id).ToList();
        var images = await catalog.Images.Where(image => image.AtlasId == atlas.Row.Id && image.Label != null)
            .GroupBy(image => image.Label!.Value).Select(of => new { of.Key, Count = of.Count() })
            .ToDictionaryAsync(of => of.Key, of => of.Count, cancellation);
        var neurons = await catalog.Neurons.Where(
            neuron => layers.Contains(neuron.LayerId) && neuron.BestClass != null && neuron.Dead == false)
            .GroupBy(neuron => neuron.BestClass!.Value).Select(of => new { of.Key, Count = of.Count() })
            .ToDictionaryAsync(of => of.Key, of => of.Count, cancellation);
        return [.. images.Keys.Union(neurons.Keys).Order().Select(index => new ClassSummary(
            index, atlas.ClassName(index) ?? $"{index}", images.GetValueOrDefault(index), neurons.GetValueOrDefault(index)))];
    }
}

/// <summary>The contents of a class's page: its most selective neurons and its images.</summary>
/// <param name="Class">The class.</param>
/// <param name="Neurons">The neurons most selective for the class, best first.</param>
/// <param name="Images">The first images of the class.</param>
public sealed record ClassContents(ClassSummary Class, IReadOnlyList<(Layer Layer, Neuron Neuron)> Neurons, IReadOnlyList<Image> Images)
{
    private const int NeuronsShown = 120;
    private const int ImagesShown = 48;

    /// <summary>Reads the contents; returns null if no image or neuron has the class.</summary>
    public static async Task<ClassContents?> ReadAsync(CatalogContext catalog, LoadedAtlas atlas, int index, CancellationToken cancellation)
    {
        var layers = atlas.Layers.ToDictionary(layer => layer.Id);
        var ids = layers.Keys.ToList();
        var likers = catalog.Neurons.AsNoTracking()
            .Where(neuron => ids.Contains(neuron.LayerId) && neuron.BestClass == index && neuron.Dead == false);
        var found = await NeuronSupport.Demand(likers, atlas).OrderByDescending(neuron => neuron.ClassSelectivity)
            .ThenBy(neuron => neuron.LayerId).ThenBy(neuron => neuron.Channel).Take(NeuronsShown).ToListAsync(cancellation);
        var images = catalog.Images.AsNoTracking().Where(image => image.AtlasId == atlas.Row.Id && image.Label == index);
        var line = new ClassSummary(
            index, atlas.ClassName(index) ?? $"{index}", await images.CountAsync(cancellation), await likers.CountAsync(cancellation));
        return line is { Images: 0, Neurons: 0 }
            ? null
            : new ClassContents(
                line, [.. found.Select(neuron => (layers[neuron.LayerId], neuron))],
                await images.OrderBy(image => image.ImageIndex).Take(ImagesShown).ToListAsync(cancellation));
    }
}
