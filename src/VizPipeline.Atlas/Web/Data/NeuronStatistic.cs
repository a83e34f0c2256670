using System.Linq.Expressions;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>A statistic by which neurons can be sorted and filtered.</summary>
/// <param name="Name">The name of its column in exports and API.</param>
/// <param name="Value">Reads its value from a neuron; null until the layer is merged.</param>
public sealed record NeuronStatistic(string Name, Expression<Func<Neuron, double?>> Value)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<NeuronStatistic> All { get; } =
        [.. NeuronFacts.Statistics.Where(statistic => statistic.Attribute.Sortable).Select(Create)];

    private readonly Func<Neuron, double?> _read = Value.Compile();

    /// <summary>Returns the value for a neuron.</summary>
    public double? Read(Neuron neuron) => _read(neuron);

    private static NeuronStatistic Create(Statistic statistic)
    {
        var neuron = Expression.Parameter(typeof(Neuron), "neuron");
        return new NeuronStatistic(
            statistic.Name,
            Expression.Lambda<Func<Neuron, double?>>(
                statistic.Property.PropertyType == typeof(double?)
                    ? Expression.Property(neuron, statistic.Property.Name)
                    : Expression.Convert(Expression.Property(neuron, statistic.Property.Name), typeof(double?)), neuron));
    }

    /// <summary>Finds a statistic by name.</summary>
    /// <exception cref="QueryException">There is no statistic with that name.</exception>
    public static NeuronStatistic Find(string name, string use) =>
        All.FirstOrDefault(statistic => statistic.Name == name)
            ?? throw new QueryException(
                $"{use}: there is no statistic '{name}'; use one of {string.Join(", ", All.Select(statistic => statistic.Name))}");
}
