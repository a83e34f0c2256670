using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>
/// An elementwise combination of computed values. Extents of 1 are broadcast: a map [N, C, 1, 1] over [N, C, H, W], a map of one channel
/// over many channels, a vector [N, 1] over [N, C]. The backward rule for a broadcast input sums over the broadcast positions.
/// </summary>
public abstract record Combination : Operator
{
    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Count < 2)
            throw new GraphException(node, $"{Kind} takes at least two values but has {inputs.Count}");
        var (channels, height, width) = (1, 1, 1);
        foreach (var input in inputs)
        {
            if (input.IsVector != inputs[0].IsVector)
                throw new OperatorNotSupportedException(node, Kind, $"a map and a vector ({inputs[0]} and {input})");
            (channels, height, width) = (Joined(channels, input.Channels), Joined(height, input.Height), Joined(width, input.Width));
        }
        return new Shape(channels, height, width, inputs[0].IsVector);

        int Joined(int known, int extent) => known == extent || extent == 1 ? known : known == 1 ? extent
            : throw new OperatorNotSupportedException(node, Kind, $"inputs of different shapes ({string.Join(" and ", inputs)})");
    }

    /// <summary>A position depends on the same position alone only if no rows or columns are broadcast.</summary>
    public override Reach ReachOver(IReadOnlyList<Shape> inputs) =>
        inputs.All(input => SameMap(input, inputs[0])) ? Reach.Point : Reach.All;

    /// <summary>
    /// Only inputs of full size count: one that is broadcast over rows or columns is a gate or context computed from the whole map.
    /// </summary>
    public override Reach? FieldOver(IReadOnlyList<Shape> inputs, int input)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var (height, width) = (inputs.Max(shape => shape.Height), inputs.Max(shape => shape.Width));
        if (!inputs.Any(shape => shape.Height == height && shape.Width == width))
            return Reach.All;
        return inputs[input].Height == height && inputs[input].Width == width ? Reach.Point : null;
    }

    /// <summary>Sums a signal of the output's shape to the shape of input <paramref name="input"/>.</summary>
    protected static torch.Tensor SumTo(Stage stage, int input, torch.Tensor signal)
    {
        ArgumentNullException.ThrowIfNull(stage);
        ArgumentNullException.ThrowIfNull(signal);
        var (from, to) = (stage.Node.Shape, stage.InputShapes[input]);
        var spread = new List<long>();
        if (to.Channels < from.Channels)
            spread.Add(1);
        if (to.Height < from.Height)
            spread.Add(2);
        if (to.Width < from.Width)
            spread.Add(3);
        return spread.Count == 0 ? signal.alias() : signal.sum([.. spread], keepdim: true);
    }

    private static bool SameMap(Shape a, Shape b) => (a.Height, a.Width) == (b.Height, b.Width);
}

/// <summary>The sum of several values. Its backward rule copies the signal to each input.</summary>
public sealed record Add : Combination
{
    /// <inheritdoc/>
    public override string Kind => "Add";

    /// <inheritdoc/>
    public override LayerKind? LayerKind => Graph.LayerKind.Add;

    /// <inheritdoc/>
    public override bool AllowsOverwrite => true;

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs) =>
        inputs.Skip(2).Aggregate(inputs[0].Plus(inputs[1]), (sum, more) => sum.Plus(more));

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) =>
        [.. stage.Node.Inputs.Select((_, input) => SumTo(stage, input, signal))];
}

/// <summary>The difference of two values. Its backward rule copies the signal to the first and its negative to the second input.</summary>
public sealed record Subtract : Combination
{
    /// <inheritdoc/>
    public override string Kind => "Sub";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => base.OutputShape(node, OnlyTwo(node, inputs));

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs) => inputs[0] - inputs[1];

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) =>
        [SumTo(stage, 0, signal), SumTo(stage, 1, signal).neg()];
}

/// <summary>
/// The product of two values. For deconvnet and guided backpropagation a gate is a constant: it scales the other value, so the other value
/// gets the signal times the gate, and the gate gets nothing. The gradient goes to both. If neither input is a gate, each gets the signal
/// times the other, which is the product's gradient.
/// </summary>
/// <param name="Gate">Index of the input that is the gate; null for the one that is broadcast over rows and columns (squeeze-excitation),
/// if any.</param>
public sealed record Multiply(int? Gate = null) : Combination
{
    /// <inheritdoc/>
    public override string Kind => "Mul";

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => Gate is null or 0 or 1
        ? base.OutputShape(node, OnlyTwo(node, inputs))
            : throw new GraphException(node, $"input {Gate} cannot be the gate of a product of two");

    /// <summary>A gate scales channels but does not mix them, so the channels are those of the other value.</summary>
    public override ChannelSource[] TraceChannels(IReadOnlyList<ChannelSource[]> origins, IReadOnlyList<Shape> inputs)
    {
        ArgumentNullException.ThrowIfNull(origins);
        ArgumentNullException.ThrowIfNull(inputs);
        return origins[Gate is { } gate ? 1 - gate : inputs[0].Count >= inputs[1].Count ? 0 : 1];
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        if (stage.Rule is not null)
            stage.Operands = [inputs[0].alias(), inputs[1].alias()];
        return inputs[0] * inputs[1];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var gate = stage.Rule is ReverseRule.Gradient ? null : Gate ?? Broadcast(stage.InputShapes);
        return
        [
            gate == 0 ? null : SumTo(stage, 0, signal * stage.Operands[1]),
            gate == 1 ? null : SumTo(stage, 1, signal * stage.Operands[0]),
        ];
    }

    private static int? Broadcast(IReadOnlyList<Shape> inputs) =>
        ((long)inputs[0].Height * inputs[0].Width)
            .CompareTo((long)inputs[1].Height * inputs[1].Width) switch
        { < 0 => 0, > 0 => 1, _ => null };
}

/// <summary>The quotient of two values. For deconvnet and guided backpropagation the divisor is a constant, like a gate.</summary>
public sealed record Divide : Combination
{
    /// <inheritdoc/>
    public override string Kind => "Div";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => base.OutputShape(node, OnlyTwo(node, inputs));

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        if (stage.Rule is not null)
            stage.Operands = [inputs[0].alias(), inputs[1].alias()];
        return inputs[0] / inputs[1];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var (dividend, divisor) = (stage.Operands[0], stage.Operands[1]);
        var through = signal / divisor;
        return [SumTo(stage, 0, through), stage.Rule is ReverseRule.Gradient ? SumTo(stage, 1, -(through * dividend / divisor)) : null];
    }
}

/// <summary>
/// The larger or the smaller of two values. Its backward rule passes the signal to the selected input (to the first if they are equal),
/// like max-pooling.
/// </summary>
/// <param name="Largest">True for the maximum, false for the minimum.</param>
public sealed record Extremum(bool Largest) : Combination
{
    /// <inheritdoc/>
    public override string Kind => Largest ? "Max" : "Min";

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => base.OutputShape(node, OnlyTwo(node, inputs));

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        if (stage.Rule is not null)
            stage.Memory = Largest ? inputs[0].ge(inputs[1]) : inputs[0].le(inputs[1]);
        return Largest ? torch.maximum(inputs[0], inputs[1]) : torch.minimum(inputs[0], inputs[1]);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) =>
        [SumTo(stage, 0, signal * stage.Memory!), SumTo(stage, 1, signal * stage.Memory!.logical_not())];
}
