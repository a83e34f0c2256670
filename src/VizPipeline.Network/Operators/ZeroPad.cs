using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>Zeros around a map.</summary>
/// <param name="Window">A window of one tap whose padding is the border.</param>
public sealed record ZeroPad(Window Window) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Pad";

    /// <inheritdoc/>
    public override Reach Reach => new Reach.Sliding(Window);

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyMap(node, inputs);
        return Window.Over(input, input.Channels, node);
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        return stage.IsRegion ? inputs[0].alias() : WindowPadding.Pad(inputs[0], Window, 0);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) =>
        [stage.IsRegion ? signal.alias() : WindowPadding.Unpad(signal, Window, stage.SeenShape[2], stage.SeenShape[3])];
}
