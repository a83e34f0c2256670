using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>
/// A recipe's objective at a layer: its value for each image and its gradient with respect to the layer's pre-activations.
/// </summary>
internal sealed class LayerObjective
{
    private readonly AscentRecipe _recipe;
    private readonly Nonlinearity? _nonlinearity;
    private readonly (int Y, int X) _centre;

    public LayerObjective(NetworkRunner runner, Layer layer, AscentRecipe recipe, (int Y, int X) centre)
    {
        (_recipe, _centre) = (recipe, centre);
        _nonlinearity = layer.Node == layer.PreActivation ? null : runner.OperatorOf(layer.Node) as Nonlinearity;
    }

    /// <summary>Applies the layer's nonlinearity.</summary>
    public torch.Tensor After(torch.Tensor before) => _nonlinearity?.Evaluate(before) ?? before;

    /// <summary>Computes the objective and activation of each image, [N].</summary>
    public (torch.Tensor Objective, torch.Tensor Activation) Evaluate(torch.Tensor before, torch.Tensor neurons, torch.Tensor? picture)
    {
        var values = new LayerValues(After(before), neurons, _centre, picture);
        var (objective, activation) = (_recipe.Objective.Evaluate(values), _recipe.Objective.Activation(values));
        if (_nonlinearity is null)
            return (objective, activation);
        // For an inactive neuron the value is the same as in EvaluateWithGradient, so that the two are comparable.
        var open = _recipe.Objective.Evaluate(values with { Maps = _nonlinearity.Margin(before) });
        return (torch.where(objective.Eq(0).logical_and(open.Lt(0)), open, objective), activation);
    }

    /// <summary>Computes the same and the objective's gradient with respect to <paramref name="before"/>, in its shape.</summary>
    /// <param name="before">[N * views, C, h, w] or [N * views, C], before the nonlinearity.</param>
    /// <param name="neurons">[N * views].</param>
    /// <param name="pressed">Bool [N * views], where the pre-activation is maximised in any case; null for nowhere.</param>
    /// <param name="views">Views per image; objective and activation are their means.</param>
    /// <param name="picture">The layer's values on the recipe's image, or null.</param>
    public (torch.Tensor Objective, torch.Tensor Activation, torch.Tensor Seeds) EvaluateWithGradient(
        torch.Tensor before, torch.Tensor neurons, torch.Tensor? pressed, int views, torch.Tensor? picture)
    {
        using var graph = torch.enable_grad();
        var leaf = before.detach().requires_grad_(true);
        var values = new LayerValues(After(leaf), neurons, _centre, picture);
        var objective = _recipe.Objective.Evaluate(values);
        var activation = _recipe.Objective.Activation(values).detach();
        var seeds = Slope(objective, leaf, retain: _recipe.Diversity is not null);
        if (_nonlinearity is not null)
            (objective, seeds) = WhereShut(_nonlinearity, values, leaf, objective, seeds, pressed);
        // SiLU, GELU and similar functions fall before they rise: on the falling side, increasing their value moves away from activation.
        if (_nonlinearity is { SlopeNeedsInput: true } && _recipe.Objective.IsPerNeuron)
            seeds = torch.where(seeds.Lt(0), Slope(_recipe.Objective.Evaluate(values with { Maps = leaf }), leaf, retain: false), seeds);
        if (_recipe.Diversity is { } diversity)
            seeds = seeds.Plus(Apart(diversity, values.Maps, leaf, seeds, views));
        return (PerImage(objective.detach(), views), PerImage(activation, views), seeds.detach());
    }

    /// <summary>Maximises the pre-activation instead wherever the nonlinearity blocks an image's whole gradient from below.</summary>
    private (torch.Tensor Objective, torch.Tensor Seeds) WhereShut(
        Nonlinearity nonlinearity, LayerValues values, torch.Tensor leaf, torch.Tensor objective, torch.Tensor seeds, torch.Tensor? pressed)
    {
        var shut = seeds.flatten(1).Ne(0).any(1).logical_not();
        if (pressed is not null)
            shut = shut.logical_or(pressed);
        if (!shut.any().item<bool>())
            return (objective, seeds);
        var open = _recipe.Objective.Evaluate(values with { Maps = nonlinearity.Margin(leaf) });
        // A saturated neuron has no gradient either, but it is at its maximum.
        var below = shut.logical_and(open.detach().le(objective.detach()));
        var through = Slope(open, leaf, retain: false);
        var climbed = below.reshape([-1, .. Enumerable.Repeat(1L, (int)seeds.dim() - 1)]);
        return (
            torch.where(below.logical_and(objective.Gt(0).logical_not()), open, objective), torch.where(climbed, through, seeds));
    }

    /// <summary>Returns the gradient that pushes a neuron's facets apart, scaled to the objective's norm times the weight.</summary>
    private static torch.Tensor Apart(Diversity diversity, torch.Tensor maps, torch.Tensor leaf, torch.Tensor seeds, int views)
    {
        var flat = maps.dim() == 2 ? maps.unsqueeze(2) : maps.flatten(2);
        var grams = flat.matmul(flat.transpose(1, 2)).flatten(1);
        if (views > 1)
            grams = grams.reshape(-1, views, grams.shape[1]).mean([1]);
        var directions = (grams / grams.norm(1, keepdim: true).ClampMin(1e-12)).reshape(-1, diversity.Facets, grams.shape[1]);
        var likeness = directions.matmul(directions.transpose(1, 2)).triu(1).sum();
        var apart = Slope(-likeness, leaf, retain: false);
        torch.Tensor Length(torch.Tensor gradient) =>
            gradient.flatten(1).norm(1).reshape([-1, .. Enumerable.Repeat(1L, (int)seeds.dim() - 1)]);
        return apart * (Length(seeds).Times(diversity.Weight) / Length(apart).ClampMin(1e-20));
    }

    private static torch.Tensor Slope(torch.Tensor objective, torch.Tensor leaf, bool retain) =>
        torch.autograd.grad([objective.sum()], [leaf], retain_graph: retain)[0];

    private static torch.Tensor PerImage(torch.Tensor values, int views) => views == 1 ? values : values.reshape(-1, views).mean([1]);
}
