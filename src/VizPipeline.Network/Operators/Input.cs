using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>The network's input: preprocessed images [N, C, H, W].</summary>
public sealed record Input(Shape Shape) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Input";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => Shape;

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs) =>
        throw new InvalidOperationException("the input is given, not computed");

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) =>
        throw new InvalidOperationException("the input has no inputs to propagate to");
}
