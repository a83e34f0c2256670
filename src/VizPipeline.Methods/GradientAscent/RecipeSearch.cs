using TorchSharp;
using VizPipeline.Images;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>A candidate of a search and the scores of its images.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Results">Its images, one per neuron.</param>
/// <param name="Reached">Mean over neurons of the activation relative to the best candidate's, 0 to 1.</param>
/// <param name="Naturalness">Mean over neurons of how closely the images' spectra fall like those of natural images, 0 to 1.</param>
public sealed record RecipeCandidate(AscentRecipe Recipe, IReadOnlyList<AscentResult> Results, double Reached, double Naturalness)
{
    /// <summary>The geometric mean of both, so that an image must do well in each.</summary>
    public double Score => Math.Sqrt(Reached * Naturalness);
}

/// <summary>
/// A random search over the strengths of the regularizers, as Yosinski et al. 2015 chose their presets (section 3: "a random hyperparameter
/// search"). The scores sort the candidates for a final choice by eye.
/// </summary>
public static class RecipeSearch
{
    /// <summary>Exponent of the decay of natural images' amplitudes with frequency (Torralba and Oliva 2003).</summary>
    public const double NaturalSlope = -1.1;

    // Half a unit of slope separates a photograph from a strongly blurred one.
    private const double SlopeTolerance = 0.5;

    /// <summary>Draws random recipes; the same seed gives the same ones.</summary>
    /// <param name="count">Number of recipes.</param>
    /// <param name="steps">Number of steps of each.</param>
    /// <param name="objective">What they maximise.</param>
    /// <param name="seed">Determines the recipes.</param>
    public static IReadOnlyList<AscentRecipe> Draw(int count, int steps, AscentObjective objective, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        return [.. Enumerable.Range(0, count).Select(i => Draw(i, steps, objective, new SplitMix(seed, i)))];
    }

    /// <summary>Scores candidates by their results on the same neurons, best first.</summary>
    public static IReadOnlyList<RecipeCandidate> Score(IReadOnlyList<(AscentRecipe Recipe, IReadOnlyList<AscentResult> Results)> candidates)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        if (candidates.Count == 0)
            return [];
        var best = Enumerable.Range(0, candidates[0].Results.Count).Select(i => candidates.Max(candidate => Reached(candidate.Results[i])))
            .ToArray();
        return [.. candidates
            .Select(candidate => new RecipeCandidate(
                candidate.Recipe, candidate.Results,
                candidate.Results.Select((result, i) => best[i] > 0 ? Reached(result) / best[i] : 0).Average(),
                candidate.Results.Average(Naturalness)))
            .OrderByDescending(candidate => candidate.Score).ThenBy(candidate => candidate.Recipe.Name, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Returns how closely an image's spectrum falls like a natural image's: 1 for a slope of <see cref="NaturalSlope"/>, less on both
    /// sides; 0 for a dead neuron.
    /// </summary>
    public static double Naturalness(AscentResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result.Status == AscentStatus.Dead || Math.Min(result.Width, result.Height) < 4)
            return 0;
        var off = (SpectralSlope(
            result.Image, result.Image.Length / (result.Width * result.Height), result.Height, result.Width) - NaturalSlope)
            / SlopeTolerance;
        return Math.Exp(-off * off / 2);
    }

    /// <summary>
    /// Returns the exponent of the amplitude's decay with frequency: the slope of a line fitted to log amplitude over log frequency.
    /// </summary>
    /// <param name="planes">[C, H, W].</param>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    public static double SpectralSlope(float[] planes, int channels, int height, int width)
    {
        using var scope = torch.NewDisposeScope();
        using var mode = torch.no_grad();
        var grey = torch.tensor(planes, [channels, height, width]).mean([0]);
        // Without a window, the discontinuity at the image's border would count as high frequencies.
        var window = torch.hann_window(height, periodic: false).reshape(-1, 1) * torch.hann_window(width, periodic: false);
        var amplitudes = torch.fft.rfft2((grey - grey.mean()) * window).abs().flatten().data<float>().ToArray();
        var frequencies = NaturalSpectrum.Frequencies(height, width).flatten().data<float>().ToArray();
        // One mean per ring of frequencies; otherwise the many high frequencies would dominate.
        var rings = frequencies.Zip(amplitudes).Where(pair => pair.First is > 0 and <= 0.5f)
            .GroupBy(pair => (int)Math.Round(pair.First * Math.Min(height, width))).Where(ring => ring.Key > 0)
            .Select(ring => (X: Math.Log(ring.Average(pair => pair.First)), Y: Math.Log(ring.Average(pair => pair.Second) + 1e-9)))
                .ToArray();
        if (rings.Length < 2)
            return 0;
        var (x, y) = (rings.Average(ring => ring.X), rings.Average(ring => ring.Y));
        return rings.Sum(ring => (ring.X - x) * (ring.Y - y)) / rings.Sum(ring => (ring.X - x) * (ring.X - x));
    }

    private static double Reached(AscentResult result) => result.Status == AscentStatus.Dead ? 0 : Math.Max(0, result.Activation);

    private static AscentRecipe Draw(int index, int steps, AscentObjective objective, SplitMix random)
    {
        double LogUniform(double low, double high) => Math.Exp(random.Uniform(Math.Log(low), Math.Log(high)));
        // Each regularizer is left out of some candidates, as three of the paper's four presets omit one.
        var regularizers = new List<Regularizer>();
        if (random.Uniform() < 0.6)
            regularizers.Add(new L2Decay(Round(LogUniform(1e-4, 0.3))));
        if (random.Uniform() < 0.75)
            regularizers.Add(new Blur(Round(random.Uniform(0.3, 1.6)), 1 + (int)(random.Uniform() * 8)));
        if (random.Uniform() < 0.4)
            regularizers.Add(new SmallNormClipping(Math.Round(random.Uniform(5, 70))));
        if (random.Uniform() < 0.4)
            regularizers.Add(new SmallContributionClipping(Math.Round(random.Uniform(5, 95))));
        return new AscentRecipe
        {
            Name = $"search {index + 1}",
            Steps = steps,
            Objective = objective,
            Rule = new NormalisedRate(Round(LogUniform(0.5, 2) * AscentPresets.StepLength(regularizers, steps))),
            Regularizers = regularizers,
            RescueSteps = 16,
        };
    }

    // Three significant digits, because people read recipes.
    private static double Round(double value) =>
        double.Parse(
        value.ToString("G3", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture);
}
