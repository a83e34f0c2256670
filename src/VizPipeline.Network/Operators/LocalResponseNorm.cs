using TorchSharp;
using VizPipeline.Network.Graph;
using F = TorchSharp.torch.nn.functional;

namespace VizPipeline.Network.Operators;

/// <summary>
/// y = x / (K + Alpha / Size * sum of x^2 over Size neighbouring channels)^Beta, as in AlexNet. As in Zeiler and Fergus's paper, signals
/// pass through unchanged; only the gradient rule uses its derivative (docs/methods.md, section 2).
/// </summary>
public sealed record LocalResponseNorm(int Size, double Alpha, double Beta, double K) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "LRN";

    /// <summary>True: the normalisation over neighbouring channels scales each channel but does not mix them.</summary>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyMap(node, inputs);
        return Size >= 1 && Size % 2 == 1 ? input : throw new OperatorNotSupportedException(node, "LRN", $"an even size ({Size})");
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        if (stage.Rule is ReverseRule.Gradient)
            stage.Memory = inputs[0].clone();
        return F.local_response_norm(inputs[0], Size, Alpha, Beta, K);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        if (stage.Rule is not ReverseRule.Gradient)
            return [signal.alias()];
        var input = stage.Memory!;
        var divisor = MeanOverChannels(input.square()).Times(Alpha).Plus(K);
        var through = signal * divisor.Pow(-Beta);
        var around = MeanOverChannels(signal * input * divisor.Pow(-Beta - 1));
        return [through - (input * around).Times(2 * Alpha * Beta)];
    }

    // The window is symmetric, so the sum over a channel's neighbours is its own transpose.
    private torch.Tensor MeanOverChannels(torch.Tensor maps)
    {
        var padded = F.pad(maps.unsqueeze(1), [0, 0, 0, 0, Size / 2, Size / 2]);
        return F.avg_pool3d(padded, [Size, 1, 1], [1, 1, 1]).squeeze(1);
    }
}
