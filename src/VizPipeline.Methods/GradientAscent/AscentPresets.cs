namespace VizPipeline.Methods.GradientAscent;

/// <summary>The built-in recipes.</summary>
public static class AscentPresets
{
    /// <summary>Name of the default recipe.</summary>
    public const string Default = "fourier";

    /// <summary>The numbers of the four published presets (Yosinski et al. 2015, table 1).</summary>
    public static IReadOnlyList<int> Numbers { get; } = [1, 2, 3, 4];

    /// <summary>All names, starting with the default and ending with the published presets' numbers.</summary>
    public static IReadOnlyList<string> Names { get; } = [Default, "maco", "facets", "multifaceted", "1", "2", "3", "4"];

    private const double Contrast = 40;

    // Lucid's standard transformations for inputs of 224 (Olah et al. 2017, appendix): pad 12, jitter 8, scale, rotate, jitter 4.
    private static IReadOnlyList<Transformation> Robust =>
        [new Pad(12), new Jitter(8), new Scale(0.9, 1.1), new Rotate(10, 0.2), new Jitter(4)];

    /// <summary>Returns the recipe called <paramref name="name"/>, for a network of any gradient scale, or null if there is none.</summary>
    public static AscentRecipe? Find(string name) => name switch
    {
        "1" or "2" or "3" or "4" => Normalised(name[0] - '0'),
        "fourier" => Fourier,
        "maco" => Maco,
        "facets" => Fourier with
        {
            Name = "facets",
            Description = "Fourier ascent, four pictures per neuron that are pushed apart (Olah et al. 2017)",
            Diversity = new Diversity(4)
        },
        "multifaceted" => Normalised(3) with
        {
            Name = "multifaceted",
            Description = "Low-frequency ascent from the mean of the neuron's top-9 patches (Nguyen et al. 2016)",
            Start = new TopPatchesStart(1),
        },
        _ => null,
    };

    /// <summary>Olah et al. 2017 and Lucid: a decorrelated spectrum, Adam, random transformations.</summary>
    public static AscentRecipe Fourier { get; } = new()
    {
        Name = "fourier",
        Description = "Spectrum in decorrelated colours, Adam, random transformations (Olah et al. 2017)",
        // More steps raise contrast and activation but no longer change what is seen (docs/methods.md, section 3).
        Steps = 128,
        Parametrization = new FourierParametrization(),
        Start = new NoiseStart(0),
        Transformations = Robust,
        PlainSteps = 32,
        Rule = new Adam(0.05, SmallFields: 4),
        RescueSteps = 16,
    };

    /// <summary>Fel et al. 2023: natural magnitudes, only phases are optimised, over random crops.</summary>
    public static AscentRecipe Maco { get; } = new()
    {
        Name = "maco",
        Description = "Phases alone, under the mean magnitude spectrum of natural images, over random crops (Fel et al. 2023)",
        Steps = 256,
        Parametrization = new MacoParametrization(),
        Start = new NoiseStart(0),
        Transformations = [new Crop(0.05, 0.5, 0.15, 6), new Noise(20)],
        Rule = new NAdam(1.0),
        RescueSteps = 16,
    };

    /// <summary>Returns preset 1 to 4 with its published rates, which were chosen for CaffeNet.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such preset.</exception>
    public static AscentRecipe Published(int number) => number switch
    {
        1 => new()
        {
            Name = "1 high-frequency",
            Steps = 500,
            Rule = new ProgressRate(100, 2),
            Regularizers = [new Blur(0.5, 4), new SmallNormClipping(50)]
        },
        2 => new()
        {
            Name = "2 sparse",
            Steps = 750,
            Rule = new ConstantRate(100),
            Regularizers = [new L2Decay(0.3), new SmallNormClipping(20)]
        },
        3 => new()
        {
            Name = "3 low-frequency",
            Steps = 1000,
            Rule = new ConstantRate(100),
            Regularizers = [new L2Decay(0.0001), new Blur(1.0, 4)]
        },
        4 => new()
        {
            Name = "4 medium",
            Steps = 1000,
            Rule = new ProgressRate(1e8, 2),
            Regularizers = [new Blur(0.5, 4), new SmallContributionClipping(90)]
        },
        _ => throw new ArgumentOutOfRangeException(
            nameof(number), number, "ascent presets are 1 (high-frequency), 2 (sparse), 3 (low-frequency) and 4 (medium)"),
    };

    /// <summary>
    /// Returns preset 1 to 4 for a network of any gradient scale: the published regularizers with steps of constant length
    /// (<see cref="StepLength"/>) instead of the published rates. The first steps rescue inactive neurons, and an image that stops
    /// improving ends early.
    /// </summary>
    /// <param name="number">1 to 4.</param>
    /// <param name="steps">Number of steps, or null for the published number.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such preset, or the number of steps is not positive.</exception>
    public static AscentRecipe Normalised(int number, int? steps = null)
    {
        var published = Published(number);
        var normalised = published with
        {
            RescueSteps = 16,
            EarlyStop = new EarlyStop(Math.Max(50, published.Steps / 8)),
            Rule = new NormalisedRate(StepLength(published.Regularizers, published.Steps)),
        };
        return WithSteps(normalised, steps ?? published.Steps);
    }

    /// <summary>
    /// Returns a recipe with another number of steps. Fewer are the first steps of its schedule: an ascent of 100 passes through the images
    /// that one of 1,000 begins with. Further steps look at the plain image if the last ones do.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The number of steps is not positive.</exception>
    public static AscentRecipe WithSteps(AscentRecipe recipe, int steps)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        return recipe with
        {
            Steps = steps,
            PlainSteps = recipe.PlainSteps == 0 ? 0 : Math.Clamp(steps - (recipe.Steps - recipe.PlainSteps), 0, steps),
        };
    }

    /// <summary>
    /// Computes the root mean square length of a step in grey levels at which a contrast of 40 (photographs have about 50) balances what
    /// the regularizers remove per step, and an image that keeps moving in one direction can still reach 160. A blur is rated by what it
    /// removes from a wave of 8 pixels, 1 - exp(-2 (pi sigma / 8)^2); clipping leaves the remaining pixels unchanged.
    /// </summary>
    internal static double StepLength(IReadOnlyList<Regularizer> regularizers, int steps)
    {
        var loss = regularizers.Sum(regularizer => regularizer.LossPerStep);
        var staying = regularizers.Aggregate(1.0, (share, regularizer) => share * regularizer.KeptShare);
        return Contrast * (loss + (4.0 / steps)) / Math.Sqrt(Math.Max(staying, 0.01));
    }
}
