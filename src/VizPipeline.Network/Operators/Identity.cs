using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>Passes its input on: dropout at inference, and nodes that were folded into others.</summary>
public sealed record Identity : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Identity";

    /// <inheritdoc/>
    public override LayerPart LayerPart => LayerPart.Inner;

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => OnlyInput(node, inputs);

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs) => inputs[0].alias();

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) => [signal.alias()];
}
