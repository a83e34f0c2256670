using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>
/// Keeps the <paramref name="Count"/> largest channels at each position, where they are positive, and sets the others to 0: the activation
/// of a TopK dictionary (docs/methods.md, section 12). Among equal channels torch chooses.
/// </summary>
/// <param name="Count">Number of channels that may be above 0 at one position, at least 1.</param>
public sealed record TopChannels(int Count) : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "TopK";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        return Count >= 1 && Count <= input.Channels
            ? input : throw new GraphException(node, $"k is {Count}, but it must be from 1 to the number of features, {input.Channels}");
    }

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => output.Gt(0);

    /// <summary>Returns the distance from the least value that is kept.</summary>
    public override torch.Tensor Margin(torch.Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var (values, _) = input.detach().topk(Count, dim: 1, largest: true, sorted: false);
        return input - values.amin([1], keepdim: true).relu_();
    }

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input)
    {
        var (values, channels) = input.topk(Count, dim: 1, largest: true, sorted: false);
        return torch.zeros_like(input).scatter_(1, channels, values.relu_());
    }
}

/// <summary>x where x is above 0 and above its channel's threshold, else 0: the activation of a JumpReLU dictionary.</summary>
/// <param name="Thresholds">[C].</param>
public sealed record JumpRelu(FloatTensor Thresholds) : Nonlinearity
{
    /// <inheritdoc/>
    public override string Kind => "JumpRelu";

    /// <inheritdoc/>
    public override long Parameters => Thresholds.Count;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        return Thresholds.Count == input.Channels
            ? input
            : throw new GraphException(node, $"it has thresholds for {Thresholds.Count} features but there are {input.Channels}");
    }

    /// <inheritdoc/>
    public override torch.Tensor Slope(torch.Tensor input, torch.Tensor output) => output.Gt(0);

    /// <inheritdoc/>
    public override torch.Tensor Margin(torch.Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return input - PerChannel(input).relu_();
    }

    /// <inheritdoc/>
    protected override torch.Tensor Apply(torch.Tensor input) => input.relu() * input.gt(PerChannel(input));

    private torch.Tensor PerChannel(torch.Tensor like) =>
        torch.tensor(Thresholds.Values, like.dim() == 4 ? [1, Thresholds.Count, 1, 1] : [1, Thresholds.Count]).to(like.device);
}
