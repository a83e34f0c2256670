using VizPipeline.Network.Graph;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>How an ascent ended.</summary>
public enum AscentStatus
{
    /// <summary>No gradient ever raised the objective: there is nothing to climb. The picture shows only the start and must not pass for a result.</summary>
    Dead,

    /// <summary>The objective was still at its best in the last tenth of the steps, or grew no more.</summary>
    Converged,

    /// <summary>The objective was at its best earlier; that image is the result.</summary>
    BestAtStep,
}

/// <summary>The outcome for one neuron.</summary>
/// <param name="Neuron">Channel or unit.</param>
/// <param name="Status">How it ended.</param>
/// <param name="BestStep">Step whose image is the result, from 0.</param>
/// <param name="Objective">The objective at that step.</param>
/// <param name="Activation">The neuron's activation on the result: at the centre (neuron objective), or the maximum of its map (others); the objective itself where no single neuron is climbed.</param>
/// <param name="Curve">The objective at each step; shorter where the run ended early. With transformations, that of the transformed images.</param>
/// <param name="Image">[C, H, W] in 0-255, row-major, in the network's channel order: the receptive field's part of the input.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Box">Where the image lies in the network's input.</param>
/// <param name="Facet">Which of the neuron's pictures it is, from 0.</param>
/// <param name="Alpha">[H, W] in 0-1, how much each pixel mattered in the course of the ascent; null where the parametrization has none.</param>
public sealed record AscentResult(
    int Neuron, AscentStatus Status, int BestStep, float Objective, float Activation, float[] Curve, float[] Image, int Height, int Width, Box Box,
    int Facet = 0, float[]? Alpha = null);
