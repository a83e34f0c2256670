using System.Reflection;
using System.Text.Json;

namespace VizPipeline.Jobs;

/// <summary>Marks a property of <see cref="NeuronFacts"/> as a statistic.</summary>
/// <param name="name">Name of its column in exports, API and queries.</param>
/// <param name="meaning">What it is, in a few words and with its unit or range; pages show it. Activations have no unit.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class StatisticAttribute(string name, string meaning) : Attribute
{
    /// <summary>Name of its column in exports, API and queries.</summary>
    public string Name => name;

    /// <summary>What it is.</summary>
    public string Meaning => meaning;

    /// <summary>Whether neurons can be sorted and filtered by it; it must be a number.</summary>
    public bool Sortable { get; init; }

    /// <summary>Whether a few images can make it extreme, so that rankings ask for a least number of active images.</summary>
    public bool NeedsSupport { get; init; }

    /// <summary>Its unit; null for counts and shares.</summary>
    public string? Unit { get; init; }

    /// <summary>Whether its numbers are indices of classes, which people see as names.</summary>
    public bool IsClass { get; init; }
}

/// <summary>Describes a statistic of neurons, that is, a property of <see cref="NeuronFacts"/>.</summary>
/// <param name="Property">The property.</param>
/// <param name="Attribute">Its description.</param>
public sealed record Statistic(PropertyInfo Property, StatisticAttribute Attribute)
{
    /// <summary>Name of its column in exports, API and queries.</summary>
    public string Name => Attribute.Name;

    /// <summary>What it is, in a few words.</summary>
    public string Meaning => Attribute.Meaning;

    /// <summary>Name of its column in the database.</summary>
    public string Column { get; } = JsonNamingPolicy.SnakeCaseLower.ConvertName(Property.Name);

    /// <summary>Reads its value; null until the layer is merged.</summary>
    public object? Read(NeuronFacts neuron) => Property.GetValue(neuron);

    /// <summary>Finds all statistics, in the order of their declaration.</summary>
    internal static IReadOnlyList<Statistic> ReadAll() =>
    [
        .. from property in typeof(NeuronFacts).GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
           orderby property.MetadataToken
           select new Statistic(
               property,
               property.GetCustomAttribute<StatisticAttribute>()
                   ?? throw new InvalidOperationException($"{property.Name} is a statistic without a description")),
    ];
}
