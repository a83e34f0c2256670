using System.Text.Json.Serialization;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>Everything that determines an ascent besides the network, the neuron and the seed: parts that compose as values.</summary>
/// <remarks>A recipe is also a JSON file (<see cref="RecipeJson"/>), in which each part says its kind and its numbers.</remarks>
public sealed record AscentRecipe : IRecipePart
{
    /// <summary>Most steps of a recipe.</summary>
    public const int MostSteps = 1_000_000;

    private const int MostParts = 16;
    private const int MostImages = 64;

    /// <summary>A name for people, for example <c>3 low-frequency</c>.</summary>
    public required string Name { get; init; }

    /// <summary>A line on what its pictures look like, or where it comes from.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    /// <summary>Steps, 1 or more.</summary>
    public required int Steps { get; init; }

    /// <summary>What is made large.</summary>
    public AscentObjective Objective { get; init; } = new NeuronObjective();

    /// <summary>Where the ascent begins.</summary>
    public AscentStart Start { get; init; } = new NoiseStart(10);

    /// <summary>What is optimised: pixels, or a spectrum from which they are made.</summary>
    public Parametrization Parametrization { get; init; } = new PixelParametrization();

    /// <summary>What is done to the image, anew in each step, before the network sees it; none for the image as it is.</summary>
    public IReadOnlyList<Transformation> Transformations { get; init; } = [];

    /// <summary>So many last steps see the image as it is, so that it is at its best as it will be shown.</summary>
    public int PlainSteps { get; init; }

    /// <summary>How far each step goes.</summary>
    public required StepRule Rule { get; init; }

    /// <summary>Applied to the pixels in this order after every step but the last.</summary>
    public IReadOnlyList<Regularizer> Regularizers { get; init; } = [];

    /// <summary>When an image is done before the last step; null for never.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EarlyStop? EarlyStop { get; init; }

    /// <summary>Several pictures per neuron that are pushed apart; null for one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Diversity? Diversity { get; init; }

    /// <summary>
    /// In so many first steps a nonlinearity that lets no gradient of an image through lets pass what pushes its values up (Lucid's
    /// redirected gradients): without it, a neuron that is silent on the start image has nothing to climb.
    /// </summary>
    public int RescueSteps { get; init; }

    /// <summary>Pictures per neuron.</summary>
    [JsonIgnore]
    public int Facets => Diversity?.Facets ?? 1;

    /// <inheritdoc/>
    public IEnumerable<string> Faults()
    {
        if (string.IsNullOrWhiteSpace(Name) || Name.Length > 80)
            yield return "its name must be 1 to 80 characters";
        if (Steps is < 1 or > MostSteps)
            yield return $"steps must be 1 to {MostSteps}, not {Steps}";
        if (PlainSteps < 0)
            yield return $"plain_steps must be 0 or more, not {PlainSteps}";
        if (RescueSteps < 0)
            yield return $"rescue_steps must be 0 or more, not {RescueSteps}";
        if (Parametrization is not PixelParametrization && Regularizers.Count > 0)
            yield return $"regularizers work on pixels, and its parametrization is {RecipeJson.KindOf(Parametrization)}";
        if (Parametrization is MacoParametrization && Start is not NoiseStart)
            yield return $"maco starts from random phases, and its start is {RecipeJson.KindOf(Start)}";
        if (Transformations.Count > MostParts || Regularizers.Count > MostParts)
            yield return $"it may have {MostParts} transformations and {MostParts} regularizers at most";
        if (Transformations.Contains(null!) || Regularizers.Contains(null!))
        {
            yield return "one of its transformations or regularizers is null";
            yield break;
        }
        if (Facets <= 16 && Facets * Views.PerImage(Transformations) > MostImages)
            yield return $"facets times views must be {MostImages} at most, not {Facets * Views.PerImage(Transformations)}";
        if (Diversity is not null && !Objective.IsPerNeuron)
            yield return $"diversity is for objectives of neurons, and its objective is {RecipeJson.KindOf(Objective)}";
        IEnumerable<IRecipePart?> parts = [Objective, Start, Parametrization, .. Transformations, Rule, .. Regularizers, EarlyStop, Diversity];
        foreach (var fault in parts.OfType<IRecipePart>().SelectMany(part => part.Faults()))
            yield return fault;
    }
}

/// <summary>A part of a recipe.</summary>
public interface IRecipePart
{
    /// <summary>What is wrong with its numbers, one sentence each; empty if nothing is.</summary>
    IEnumerable<string> Faults();
}

/// <summary>An image is done when its objective has not grown by more than <paramref name="Gain"/> of itself in the last <paramref name="Patience"/> steps.</summary>
/// <param name="Patience">Steps, 1 or more.</param>
/// <param name="Gain">Relative gain, 0 or more.</param>
public sealed record EarlyStop(int Patience, double Gain = 0.001) : IRecipePart
{
    /// <inheritdoc/>
    public IEnumerable<string> Faults()
    {
        if (Patience < 1)
            yield return $"early_stop's patience must be 1 or more steps, not {Patience}";
        if (Gain is not (>= 0 and <= 1))
            yield return $"early_stop's gain must be 0 to 1, not {Gain}";
    }
}

/// <summary>
/// Several pictures of one neuron, each pushed away from the others: minus the sum of cosine similarities of their Gram matrices at the
/// layer (Olah et al. 2017, "Diversity").
/// </summary>
/// <param name="Facets">Pictures per neuron, 2 to 16.</param>
/// <param name="Weight">Length of its gradient at the layer, relative to the objective's: the same for networks of any scale.</param>
public sealed record Diversity(int Facets, double Weight = 0.5) : IRecipePart
{
    /// <inheritdoc/>
    public IEnumerable<string> Faults()
    {
        if (Facets is < 2 or > 16)
            yield return $"diversity's facets must be 2 to 16, not {Facets}";
        if (Weight is not (>= 0 and <= 100))
            yield return $"diversity's weight must be 0 to 100, not {Weight}";
    }
}
