namespace VizPipeline.Methods.GradientAscent;

/// <summary>What an ascent makes large.</summary>
public enum AscentObjective
{
    /// <summary>One neuron, at the centre of its map.</summary>
    Neuron,

    /// <summary>The mean of the neuron's map.</summary>
    Channel,
}

/// <summary>Everything that determines an ascent besides the network, the neuron and the seed.</summary>
/// <param name="Name">A name for people, for example <c>3 low-frequency</c>.</param>
/// <param name="Steps">Forward passes; at least 1.</param>
/// <param name="Rule">How far each step goes.</param>
/// <param name="Regularizers">Applied in this order after every step but the last.</param>
/// <param name="Objective">What is made large.</param>
/// <param name="StartDeviation">Standard deviation of the noise around the mean image that an ascent starts from, in grey levels.</param>
public sealed record AscentRecipe(
    string Name, int Steps, StepRule Rule, IReadOnlyList<Regularizer> Regularizers,
    AscentObjective Objective = AscentObjective.Neuron, double StartDeviation = 10);

/// <summary>The four published presets (Yosinski et al. 2015, table 1).</summary>
public static class AscentPresets
{
    /// <summary>Number of the preset that is used where none is named: low-frequency.</summary>
    public const int Default = 3;

    /// <summary>The numbers of the presets.</summary>
    public static IReadOnlyList<int> Numbers { get; } = [1, 2, 3, 4];

    /// <summary>Preset 1 to 4 with its published rates, made for CaffeNet.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such preset.</exception>
    public static AscentRecipe Published(int number) => number switch
    {
        1 => new("1 high-frequency", 500, new ProgressRate(100, 2), [new Blur(0.5, 4), new SmallNormClipping(50)]),
        2 => new("2 sparse", 750, new ConstantRate(100), [new L2Decay(0.3), new SmallNormClipping(20)]),
        3 => new("3 low-frequency", 1000, new ConstantRate(100), [new L2Decay(0.0001), new Blur(1.0, 4)]),
        4 => new("4 medium", 1000, new ProgressRate(1e8, 2), [new Blur(0.5, 4), new SmallContributionClipping(90)]),
        _ => throw new ArgumentOutOfRangeException(nameof(number), number, "ascent presets are 1 (high-frequency), 2 (sparse), 3 (low-frequency) and 4 (medium)"),
    };

    /// <summary>
    /// Preset 1 to 4 for a network of any gradient scale: its regularizers as published, steps of one length instead of its rates. The
    /// length lets an image that keeps going one way reach a contrast of about 80 grey levels in the given steps, and balances L2 decay
    /// at about 20.
    /// </summary>
    /// <param name="number">1 to 4.</param>
    /// <param name="steps">Steps, or null for the published number.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such preset, or no step.</exception>
    public static AscentRecipe Normalised(int number, int? steps = null)
    {
        var published = Published(number);
        var count = steps ?? published.Steps;
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1, nameof(steps));
        var decay = published.Regularizers.OfType<L2Decay>().Sum(regularizer => regularizer.Decay);
        return published with { Steps = count, Rule = new NormalisedRate(20 * (decay + (4.0 / count))) };
    }
}
