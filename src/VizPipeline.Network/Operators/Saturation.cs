using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>
/// Limits that stand for a number format and are seldom reached: those of quantised activations. It is no rectifier, so that the deconvnet
/// and guided backpropagation pass signals through; the gradient is masked outside the limits.
/// </summary>
public sealed record Saturation(double Min, double Max) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Quantize";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) =>
        Min < Max ? OnlyInput(node, inputs) : throw new GraphException(node, $"its limits {Min} and {Max} are in the wrong order");

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        var output = inputs[0].clamp(Scalars.Of(Min), Scalars.Of(Max));
        if (stage.Rule is ReverseRule.Gradient)
            stage.Memory = output.gt(Scalars.Of(Min)).logical_and(output.lt(Scalars.Of(Max)));
        return output;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) =>
        [stage.Rule is ReverseRule.Gradient ? signal * stage.Memory! : signal.alias()];
}
