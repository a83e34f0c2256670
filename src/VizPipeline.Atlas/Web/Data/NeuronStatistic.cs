using System.Linq.Expressions;
using VizPipeline.Catalog;

namespace VizPipeline.Web.Data;

/// <summary>A statistic of neurons by which they are sorted and filtered.</summary>
/// <param name="Name">Its name, that of the column in exports and API.</param>
/// <param name="Value">Its value; null where the layer is not merged yet.</param>
public sealed record NeuronStatistic(string Name, Expression<Func<Neuron, double?>> Value)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<NeuronStatistic> All { get; } =
    [
        new("mean", neuron => neuron.Mean), new("std", neuron => neuron.StandardDeviation), new("max", neuron => neuron.Max), new("fraction_positive", neuron => neuron.FractionPositive),
        new("q50", neuron => neuron.Q50), new("q90", neuron => neuron.Q90), new("q99", neuron => neuron.Q99), new("q999", neuron => neuron.Q999),
        new("best_class_mean", neuron => neuron.BestClassMean), new("class_selectivity", neuron => neuron.ClassSelectivity), new("top_purity", neuron => neuron.TopPurity),
    ];

    private readonly Func<Neuron, double?> _read = Value.Compile();

    /// <summary>Its value for one neuron.</summary>
    public double? Of(Neuron neuron) => _read(neuron);

    /// <summary>A statistic by its name.</summary>
    /// <exception cref="QueryException">There is none of that name.</exception>
    public static NeuronStatistic Find(string name, string use) =>
        All.FirstOrDefault(statistic => statistic.Name == name) ?? throw new QueryException($"{use}: there is no statistic '{name}'; there are {string.Join(", ", All.Select(statistic => statistic.Name))}");
}
