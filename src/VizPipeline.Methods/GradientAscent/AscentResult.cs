using VizPipeline.Network.Graph;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>How an ascent ended.</summary>
public enum AscentStatus
{
    /// <summary>No gradient ever raised the objective. The image shows only the start and must not be presented as a result.</summary>
    Dead,

    /// <summary>The objective was highest in the last tenth of the steps, or stopped growing.</summary>
    Converged,

    /// <summary>The objective was highest at an earlier step; that step's image is the result.</summary>
    BestAtStep,
}

/// <summary>The result for one neuron.</summary>
/// <param name="Neuron">Channel or unit.</param>
/// <param name="Status">How the ascent ended.</param>
/// <param name="BestStep">Step whose image is the result, from 0.</param>
/// <param name="Objective">The objective at that step.</param>
/// <param name="Activation">The neuron's activation on the result: at the centre (neuron objective) or the maximum of its map (others); the
/// objective itself if it does not apply to a single neuron.</param>
/// <param name="Curve">The objective at each step; shorter if the run ended early. With transformations, that of the transformed
/// images.</param>
/// <param name="Image">[C, H, W] in 0-255, row-major, in the network's channel order: the receptive field's part of the input.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Box">The image's position in the network's input.</param>
/// <param name="Facet">Index among the neuron's images, from 0.</param>
/// <param name="Alpha">How much each pixel contributed during the ascent, [H, W] in 0-1; null if the parametrization does not record
/// it.</param>
public sealed record AscentResult(
    int Neuron, AscentStatus Status, int BestStep, float Objective, float Activation, float[] Curve, float[] Image, int Height, int Width,
        Box Box,
    int Facet = 0, float[]? Alpha = null);
