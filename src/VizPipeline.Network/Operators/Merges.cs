using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>Channels of several maps behind one another. The way back splits them.</summary>
/// <param name="Channels">Channels of each input.</param>
public sealed record Concat(IReadOnlyList<int> Channels) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Concat";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        foreach (var input in inputs)
        {
            if ((input.Height, input.Width, input.IsVector) != (inputs[0].Height, inputs[0].Width, inputs[0].IsVector))
                throw new GraphException(node, $"maps of {inputs[0]} and {input} cannot be concatenated");
        }
        return inputs[0] with { Channels = inputs.Sum(input => input.Channels) };
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs) => torch.cat([.. inputs], 1);

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor> Reverse(Stage stage, torch.Tensor signal)
    {
        var (parts, first) = (new torch.Tensor[Channels.Count], 0);
        for (var i = 0; i < parts.Length; first += Channels[i++])
            parts[i] = signal.narrow(1, first, Channels[i]);
        return parts;
    }
}

/// <summary>The sum of several values of one shape. The way back copies the signal to each.</summary>
public sealed record Add : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Add";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        foreach (var input in inputs)
        {
            if (input != inputs[0])
                throw new OperatorNotSupportedException(node, "Add", $"inputs of different shapes ({inputs[0]} and {input})");
        }
        return inputs[0];
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        var sum = inputs[0] + inputs[1];
        foreach (var more in inputs.Skip(2))
            sum.add_(more);
        return sum;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor> Reverse(Stage stage, torch.Tensor signal) =>
        [.. stage.Node.Inputs.Select(_ => signal.alias())];
}

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
    public override IReadOnlyList<torch.Tensor> Reverse(Stage stage, torch.Tensor signal) =>
        [stage.IsRegion ? signal.alias() : WindowPadding.Unpad(signal, Window, stage.SeenShape[2], stage.SeenShape[3])];
}
