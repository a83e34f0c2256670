using System.Text.Json.Serialization;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>Everything that determines an ascent besides the network, the neuron and the seed, composed of parts that are values.</summary>
/// <remarks>A recipe can also be a JSON file (<see cref="RecipeJson"/>), in which each part has a kind and its numbers.</remarks>
public sealed record AscentRecipe : IRecipePart
{
    /// <summary>Maximum number of steps of a recipe.</summary>
    public const int MostSteps = 1_000_000;

    private const int MostParts = 16;
    private const int MostImages = 64;

    /// <summary>A display name, for example <c>3 low-frequency</c>.</summary>
    public required string Name { get; init; }

    /// <summary>One line about what its images look like, or about its origin.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    /// <summary>Number of steps, 1 or more.</summary>
    public required int Steps { get; init; }

    /// <summary>What is maximised.</summary>
    public AscentObjective Objective { get; init; } = new NeuronObjective();

    /// <summary>Where the ascent begins.</summary>
    public AscentStart Start { get; init; } = new NoiseStart(10);

    /// <summary>What is optimised: pixels, or a spectrum from which they are computed.</summary>
    public Parametrization Parametrization { get; init; } = new PixelParametrization();

    /// <summary>
    /// Random transformations applied to the image in each step before the network sees it; empty to use the image as it is.
    /// </summary>
    public IReadOnlyList<Transformation> Transformations { get; init; } = [];

    /// <summary>Number of final steps without transformations, so that the image is optimised in the form in which it is shown.</summary>
    public int PlainSteps { get; init; }

    /// <summary>The length of each step.</summary>
    public required StepRule Rule { get; init; }

    /// <summary>Applied to the pixels in this order after every step except the last.</summary>
    public IReadOnlyList<Regularizer> Regularizers { get; init; } = [];

    /// <summary>When an image ends before the last step; null for never.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EarlyStop? EarlyStop { get; init; }

    /// <summary>Several images per neuron that are pushed apart; null for one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Diversity? Diversity { get; init; }

    /// <summary>
    /// Number of first steps in which a nonlinearity that blocks an image's whole gradient lets through the part that increases its input
    /// (Lucid's redirected gradients). Without it, a neuron that is inactive on the start image has no gradient to follow.
    /// </summary>
    public int RescueSteps { get; init; }

    /// <summary>Number of images per neuron.</summary>
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
            yield return $"regularizers need pixels, but its parametrization is {RecipeJson.KindOf(Parametrization)}";
        if (Parametrization is MacoParametrization && Start is not NoiseStart)
            yield return $"maco starts from random phases, but its start is {RecipeJson.KindOf(Start)}";
        if (Transformations.Count > MostParts || Regularizers.Count > MostParts)
            yield return $"it may have at most {MostParts} transformations and {MostParts} regularizers";
        if (Transformations.Contains(null!) || Regularizers.Contains(null!))
        {
            yield return "one of its transformations or regularizers is null";
            yield break;
        }
        if (Facets <= 16 && Facets * Views.PerImage(Transformations) > MostImages)
            yield return $"facets times views must be at most {MostImages}, not {Facets * Views.PerImage(Transformations)}";
        if (Diversity is not null && !Objective.IsPerNeuron)
            yield return $"diversity needs an objective of neurons, but its objective is {RecipeJson.KindOf(Objective)}";
        IEnumerable<IRecipePart?> parts = [Objective, Start, Parametrization, .. Transformations, Rule, .. Regularizers, EarlyStop,
            Diversity];
        foreach (var fault in parts.OfType<IRecipePart>().SelectMany(part => part.Faults()))
            yield return fault;
    }
}

/// <summary>A part of a recipe.</summary>
public interface IRecipePart
{
    /// <summary>Returns what is wrong with its numbers, one sentence each; empty if nothing is.</summary>
    IEnumerable<string> Faults();
}

/// <summary>
/// Ends an image once its objective has not grown by more than <paramref name="Gain"/> (relative) in the last <paramref name="Patience"/>
/// steps.
/// </summary>
/// <param name="Patience">Number of steps, 1 or more.</param>
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
/// Several images of one neuron, each pushed away from the others: minus the sum of cosine similarities of their Gram matrices at the layer
/// (Olah et al. 2017, "Diversity").
/// </summary>
/// <param name="Facets">Images per neuron, 2 to 16.</param>
/// <param name="Weight">Norm of its gradient at the layer relative to the objective's, which makes it independent of the network's
/// scale.</param>
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
