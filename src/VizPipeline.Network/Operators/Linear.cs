using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>A fully connected layer. Its backward rule multiplies by the transposed matrix, without the bias.</summary>
/// <param name="Weight">[outputs, inputs].</param>
/// <param name="Bias">[outputs], or null.</param>
public sealed record Linear(FloatTensor Weight, FloatTensor? Bias) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Linear";

    /// <inheritdoc/>
    public override LayerKind? LayerKind => Graph.LayerKind.Linear;

    /// <inheritdoc/>
    public override FloatTensor? MainWeight => Weight;

    /// <inheritdoc/>
    public override bool HasFilters => true;

    /// <inheritdoc/>
    public override bool AllowsOverwrite => true;

    /// <inheritdoc/>
    public override Reach Reach => Reach.All;

    /// <inheritdoc/>
    public override long Parameters => Weight.Count + (Bias?.Count ?? 0);

    /// <inheritdoc/>
    public override long MultiplyAdds(Shape output) => Weight.Count;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        if (!input.IsVector)
            throw new GraphException(node, $"a fully connected layer needs a vector but gets a map of {input}");
        if (Weight.Shape.Length != 2 || Weight.Shape[0] < 1)
        {
            throw new GraphException(
                node,
                $"the weight '{Weight.Name}' has shape [{string.Join(", ", Weight.Shape)}]; "
                + "a fully connected layer needs [outputs, inputs]");
        }
        if (Weight.Shape[1] != input.Channels)
        {
            throw new GraphException(
                node,
                $"the weight '{Weight.Name}' is for {Weight.Shape[1]} inputs but gets {input.Channels}; "
                + "does --input-size match the network?");
        }
        if (Bias is { } bias && bias.Count != Weight.Shape[0])
            throw new GraphException(node, $"the bias '{bias.Name}' has {bias.Count} values for {Weight.Shape[0]} outputs");
        return Shape.Vector(Weight.Shape[0]);
    }

    /// <inheritdoc/>
    public override Operator? WithBias(FloatTensor bias) => Bias is null ? this with { Bias = bias } : null;

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs) =>
        torch.nn.functional.linear(inputs[0], stage.Weight(Weight), Bias is null ? null : stage.Weight(Bias));

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) => [signal.matmul(stage.Weight(Weight))];
}

/// <summary>Converts a map [N, C, H, W] to a vector [N, C * H * W] in row-major order.</summary>
public sealed record Flatten : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Flatten";

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Reach Reach => Reach.All;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        return input.Count <= int.MaxValue
            ? Shape.Vector((int)input.Count)
            : throw new GraphException(node, $"a vector of {input.Count} values is too long");
    }

    /// <summary>Each channel of the map stands for all of its units.</summary>
    public override ChannelSource[] TraceChannels(IReadOnlyList<ChannelSource[]> origins, IReadOnlyList<Shape> inputs)
    {
        ArgumentNullException.ThrowIfNull(origins);
        ArgumentNullException.ThrowIfNull(inputs);
        return inputs[0] is { IsVector: false } map
            ? [.. origins[0].Select(source => source with { Height = map.Height, Width = map.Width })]
            : origins[0];
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        return inputs[0].reshape(inputs[0].shape[0], -1);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) =>
        [signal.reshape([-1, .. stage.SeenShape[1..]])];
}

/// <summary>Converts a vector to a map in row-major order: the inverse of <see cref="Flatten"/>.</summary>
public sealed record Unflatten(int Channels, int Height, int Width) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Reshape";

    /// <inheritdoc/>
    public override Reach Reach => Reach.All;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var (input, shape) = (OnlyInput(node, inputs), new Shape(Channels, Height, Width));
        return input.IsVector && Channels >= 1 && Height >= 1 && Width >= 1 && shape.Count == input.Channels
            ? shape : throw new GraphException(node, $"a value of {input} cannot be reshaped to a map of {shape}");
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs) =>
        inputs[0].reshape(inputs[0].shape[0], Channels, Height, Width);

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) => [signal.reshape(signal.shape[0], -1)];
}
