using VizPipeline.Methods.GradientAscent;

namespace VizPipeline.Methods.Facets;

/// <summary>The recipe of a facet's ascent, which starts at the facet's mean picture (Nguyen et al. 2016).</summary>
public static class FacetRecipe
{
    /// <summary>
    /// Returns a recipe with its start replaced. One that starts from random phases or pushes several pictures apart gives way to, or
    /// becomes, one that does not.
    /// </summary>
    /// <param name="recipe">The recipe of the neurons' ascents.</param>
    public static AscentRecipe From(AscentRecipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var plain = recipe.Parametrization is MacoParametrization
            ? AscentPresets.WithSteps(AscentPresets.Fourier, Math.Min(recipe.Steps, AscentPresets.Fourier.Steps)) with
            {
                Objective = recipe.Objective,
            }
            : recipe;
        return plain with
        {
            Name = $"{plain.Name} from a facet",
            Description = null,
            Start = new TopPatchesStart(),
            Diversity = null,
        };
    }
}
