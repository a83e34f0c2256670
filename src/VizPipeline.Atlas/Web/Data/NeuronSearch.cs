using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;

namespace VizPipeline.Web.Data;

/// <summary>What the search page asks for.</summary>
/// <param name="Layer">A layer's name in addresses, or null.</param>
/// <param name="Text">Part of an output's or a class's name, or null.</param>
/// <param name="Selectivity">Least class selectivity, or null.</param>
/// <param name="Dead">Whether dead, or null.</param>
/// <param name="Sort">One of <see cref="Sorts"/>.</param>
public sealed record NeuronSearch(string? Layer, string? Text, double? Selectivity, bool? Dead, string Sort)
{
    /// <summary>Most neurons that a page shows.</summary>
    public const int Shown = 240;

    /// <summary>Orders, by name in addresses.</summary>
    public static IReadOnlyList<(string Value, string Label)> Sorts { get; } =
        [("-selectivity", "most selective"), ("-max", "largest activation"), ("-purity", "purest top 9"), ("positive", "least often active"), ("layer", "layer and channel")];

    /// <summary>Finds them.</summary>
    public async Task<IReadOnlyList<(Layer Layer, Neuron Neuron)>> FindAsync(CatalogContext catalog, AtlasView atlas, CancellationToken cancellation)
    {
        var layers = atlas.Layers.Where(layer => Layer is null || AtlasView.SlugOf(layer) == Layer).ToDictionary(layer => layer.Id);
        var ids = layers.Keys.ToList();
        var neurons = catalog.Neurons.AsNoTracking().Where(neuron => ids.Contains(neuron.LayerId));
        if (Text is { Length: > 0 } text)
        {
            var classes = Enumerable.Range(0, Math.Max(atlas.Spec.Images.Classes.Count, atlas.Spec.OutputNames.Count))
                .Where(index => atlas.ClassName(index)?.Contains(text, StringComparison.OrdinalIgnoreCase) == true).ToList();
            var outputs = Enumerable.Range(0, atlas.Spec.OutputNames.Count).Where(index => atlas.Spec.OutputNames[index].Contains(text, StringComparison.OrdinalIgnoreCase)).ToList();
            neurons = neurons.Where(neuron => (neuron.BestClass != null && classes.Contains(neuron.BestClass.Value)) || (neuron.Name != null && outputs.Contains(neuron.Channel)));
        }
        if (Selectivity is { } selectivity)
            neurons = neurons.Where(neuron => neuron.ClassSelectivity >= selectivity);
        if (Dead is { } dead)
            neurons = neurons.Where(neuron => neuron.Dead == dead);
        neurons = Sort switch
        {
            "-max" => neurons.Where(neuron => neuron.Max != null).OrderByDescending(neuron => neuron.Max),
            "-purity" => neurons.Where(neuron => neuron.TopPurity != null).OrderByDescending(neuron => neuron.TopPurity),
            "positive" => neurons.Where(neuron => neuron.FractionPositive != null).OrderBy(neuron => neuron.FractionPositive),
            "-selectivity" when neurons.Any(neuron => neuron.ClassSelectivity != null) => neurons.Where(neuron => neuron.ClassSelectivity != null).OrderByDescending(neuron => neuron.ClassSelectivity),
            _ => neurons.OrderBy(neuron => neuron.LayerId),
        };
        var found = await ((IOrderedQueryable<Neuron>)neurons).ThenBy(neuron => neuron.LayerId).ThenBy(neuron => neuron.Channel).Take(Shown).ToListAsync(cancellation);
        return [.. found.Select(neuron => (layers[neuron.LayerId], neuron))];
    }
}
