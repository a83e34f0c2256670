using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>
/// Clips to the range of a number format, which quantised activations seldom reach. It is not a rectifier, so the deconvnet and guided
/// backpropagation pass signals through; the gradient is masked outside the range.
/// </summary>
public sealed record Saturation(double Min, double Max) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Quantize";

    /// <inheritdoc/>
    public override LayerPart LayerPart => LayerPart.Inner;

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) =>
        Min < Max ? OnlyInput(node, inputs) : throw new GraphException(node, $"its minimum {Min} is not smaller than its maximum {Max}");

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        var output = inputs[0].Clamp(Min, Max);
        if (stage.Rule is ReverseRule.Gradient)
            stage.Memory = output.Gt(Min).logical_and(output.Lt(Max));
        return output;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) =>
        [stage.Rule is ReverseRule.Gradient ? signal * stage.Memory! : signal.alias()];
}
