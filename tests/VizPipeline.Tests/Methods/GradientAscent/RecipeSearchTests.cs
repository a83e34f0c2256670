using VizPipeline.Methods.GradientAscent;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Torch;

namespace VizPipeline.Tests.Methods.GradientAscent;

public class RecipeSearchTests
{
    public RecipeSearchTests() => TorchRuntime.Start();

    [Theory]
    [InlineData(-0.5), InlineData(-1.1), InlineData(-2)]
    public void The_slope_of_a_spectrum_of_known_slope_is_found(double slope)
    {
        // Random phases under amplitudes f^slope.
        var random = new Random(4);
        var image = new float[64 * 64];
        for (var fy = -20; fy <= 20; fy++)
        {
            for (var fx = 0; fx <= 20; fx++)
            {
                if (fx == 0 && fy <= 0)
                    continue;
                var (amplitude, phase) = (Math.Pow(Math.Sqrt((fy * fy) + (fx * fx)), slope), random.NextDouble() * 2 * Math.PI);
                for (var i = 0; i < image.Length; i++)
                    image[i] += (float)(amplitude * Math.Cos((2 * Math.PI * ((fy * (i / 64)) + (fx * (i % 64))) / 64) + phase));
            }
        }
        // Above the highest frequency there is nothing, so the fit over all of them is steeper; the order is what scores need.
        Assert.InRange(RecipeSearch.SpectralSlope(image, 1, 64, 64), slope - 1.6, slope + 0.35);
    }

    [Fact]
    public void The_same_seed_draws_the_same_recipes_and_all_of_them_are_sound()
    {
        var recipes = RecipeSearch.Draw(60, 100, new ChannelObjective(), 3);
        Assert.Equal(recipes.Select(recipe => RecipeJson.Write(recipe)), RecipeSearch.Draw(60, 100, new ChannelObjective(), 3).Select(
            recipe => RecipeJson.Write(recipe)));
        Assert.NotEqual(RecipeJson.Write(recipes[0]), RecipeJson.Write(RecipeSearch.Draw(1, 100, new ChannelObjective(), 4)[0]));
        Assert.All(recipes, recipe => Assert.Empty(recipe.Faults()));
        Assert.Equal(4, recipes.SelectMany(recipe => recipe.Regularizers).Select(regularizer => regularizer.GetType()).Distinct().Count());
    }

    [Fact]
    public void Scores_prefer_what_reaches_more_and_looks_more_natural_and_dead_pictures_come_last()
    {
        AscentResult Result(float activation, AscentStatus status, Func<int, float> pixel) => new(
            0, status, 0, activation, activation, [activation], [.. Enumerable.Range(0, 3 * 32 * 32).Select(pixel)],
            32, 32, new Box(0, 0, 32, 32));
        var random = new Random(1);
        float Noise(int i) => (float)(random.NextDouble() * 255);
        // A soft disc on grey falls much like photographs do; white noise does not fall at all.
        float Disc(int i) => Math.Pow((i % 1024 / 32) - 16, 2) + Math.Pow((i % 32) - 16, 2) < 60 ? 200 : 90;
        (AscentRecipe, IReadOnlyList<AscentResult>) Candidate(string name, AscentResult result) =>
            (AscentPresets.Fourier with { Name = name }, [result]);
        var ranked = RecipeSearch.Score([
            Candidate("noise", Result(10, AscentStatus.Converged, Noise)), Candidate("disc", Result(8, AscentStatus.Converged, Disc)),
            Candidate("weak disc", Result(2, AscentStatus.Converged, Disc)), Candidate("dead", Result(0, AscentStatus.Dead, Disc))]);
        Assert.Equal("disc", ranked[0].Recipe.Name);
        Assert.Equal(("dead", 0.0), (ranked[^1].Recipe.Name, ranked[^1].Score));
        Assert.True(ranked.Single(candidate => candidate.Recipe.Name == "noise").Naturalness < 0.2);
        Assert.Empty(RecipeSearch.Score([]));
    }
}
