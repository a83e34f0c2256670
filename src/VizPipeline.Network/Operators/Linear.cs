using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>A fully connected layer. The way back is the transposed matrix, without the bias.</summary>
/// <param name="Weight">[outputs, inputs].</param>
/// <param name="Bias">[outputs], or null.</param>
public sealed record Linear(FloatTensor Weight, FloatTensor? Bias) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Linear";

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
            throw new GraphException(node, $"a fully connected layer needs a vector and gets a map of {input}");
        if (Weight.Shape.Length != 2 || Weight.Shape[0] < 1)
            throw new GraphException(node, $"the weight '{Weight.Name}' has shape [{string.Join(", ", Weight.Shape)}]; a fully connected layer needs [outputs, inputs]");
        if (Weight.Shape[1] != input.Channels)
            throw new GraphException(node, $"the weight '{Weight.Name}' is for {Weight.Shape[1]} inputs and gets {input.Channels}; is --input-size what the network was made for?");
        if (Bias is { } bias && bias.Count != Weight.Shape[0])
            throw new GraphException(node, $"the bias '{bias.Name}' has {bias.Count} values for {Weight.Shape[0]} outputs");
        return Shape.Vector(Weight.Shape[0]);
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs) =>
        torch.nn.functional.linear(inputs[0], stage.Weight(Weight), Bias is null ? null : stage.Weight(Bias));

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) => [signal.matmul(stage.Weight(Weight))];
}

/// <summary>A map [N, C, H, W] as a vector [N, C * H * W] in row-major order.</summary>
public sealed record Flatten : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Flatten";

    /// <inheritdoc/>
    public override Reach Reach => Reach.All;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        return input.Count <= int.MaxValue ? Shape.Vector((int)input.Count) : throw new GraphException(node, $"a vector of {input.Count} values is too long");
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        return inputs[0].reshape(inputs[0].shape[0], -1);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) => [signal.reshape([-1, .. stage.SeenShape[1..]])];
}

/// <summary>A vector as a map, row-major: the undoing of <see cref="Flatten"/>.</summary>
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
            ? shape : throw new GraphException(node, $"a value of {input} is no map of {shape}");
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs) => inputs[0].reshape(inputs[0].shape[0], Channels, Height, Width);

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) => [signal.reshape(signal.shape[0], -1)];
}
