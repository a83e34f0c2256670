using System.Linq.Expressions;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>A statistic by which neurons can be sorted and filtered.</summary>
/// <param name="Name">The name of its column in exports and API.</param>
/// <param name="Value">Reads its value from a neuron; null until the layer is merged.</param>
public sealed record NeuronStatistic(string Name, Expression<Func<Neuron, double?>> Value)
{
    /// <summary>All statistics.</summary>
    public static IReadOnlyList<NeuronStatistic> All { get; } =
    [
        new("mean", neuron => neuron.Mean), new("std", neuron => neuron.StandardDeviation), new("max", neuron => neuron.Max),
        new("fraction_positive", neuron => neuron.FractionPositive),
        new("q50", neuron => neuron.Q50), new("q90", neuron => neuron.Q90), new("q99", neuron => neuron.Q99),
        new("q999", neuron => neuron.Q999),
        new("best_class_mean", neuron => neuron.BestClassMean), new("class_selectivity", neuron => neuron.ClassSelectivity),
        new("top_purity", neuron => neuron.TopPurity),
    ];

    private readonly Func<Neuron, double?> _read = Value.Compile();

    /// <summary>Returns the value for a neuron.</summary>
    public double? Read(Neuron neuron) => _read(neuron);

    /// <summary>Finds a statistic by name.</summary>
    /// <exception cref="QueryException">There is no statistic with that name.</exception>
    public static NeuronStatistic Find(string name, string use) =>
        All.FirstOrDefault(statistic => statistic.Name == name)
            ?? throw new QueryException(
                $"{use}: there is no statistic '{name}'; use one of {string.Join(", ", All.Select(statistic => statistic.Name))}");
}
