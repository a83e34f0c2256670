using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>Reduces each channel's whole map to one number.</summary>
/// <param name="KeepMap">True for a result [N, C, 1, 1], false for [N, C].</param>
public abstract record GlobalPool(bool KeepMap) : Operator
{
    /// <inheritdoc/>
    public override Reach Reach => Reach.All;

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyMap(node, inputs);
        return KeepMap ? new Shape(input.Channels, 1, 1) : Shape.Vector(input.Channels);
    }
}

/// <summary>The mean of each channel's map. Its backward rule is the gradient.</summary>
/// <param name="KeepMap">True for a result [N, C, 1, 1], false for [N, C].</param>
public sealed record GlobalAveragePool(bool KeepMap = true) : GlobalPool(KeepMap)
{
    /// <inheritdoc/>
    public override string Kind => "GlobalAveragePool";

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        return inputs[0].mean([2, 3], keepdim: KeepMap);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var (channels, height, width) = (stage.SeenShape[1], stage.SeenShape[2], stage.SeenShape[3]);
        return [signal.reshape(-1, channels, 1, 1).DividedBy(height * width).expand(-1, channels, height, width)];
    }
}

/// <summary>The maximum of each channel's map. Its backward rule passes the signal to the position of the maximum.</summary>
/// <param name="KeepMap">True for a result [N, C, 1, 1], false for [N, C].</param>
public sealed record GlobalMaxPool(bool KeepMap = true) : GlobalPool(KeepMap)
{
    /// <inheritdoc/>
    public override string Kind => "GlobalMaxPool";

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        var (values, switches) = torch.nn.functional.adaptive_max_pool2d_with_indices(inputs[0], [1, 1]);
        if (stage.Rule is not null)
            stage.Memory = switches;
        return KeepMap ? values : values.flatten(1);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) =>
        [MaxPool.Scatter(signal.reshape(-1, stage.SeenShape[1], 1, 1), stage.Memory!, stage.SeenShape[2], stage.SeenShape[3])];
}

/// <summary>
/// PyTorch's adaptive average pooling to a fixed output size: output row i is the mean of input rows floor(i * H / h) up to ceil((i + 1) *
/// H / h). It is linear and separable, so it and its gradient are products with one averaging matrix per axis.
/// </summary>
public sealed record AdaptiveAveragePool(int Height, int Width) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "AdaptiveAveragePool";

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Reach Reach => Reach.All;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => Height >= 1 && Width >= 1
        ? new(OnlyMap(node, inputs).Channels, Height, Width)
        : throw new GraphException(node, $"an output of {Height}x{Width} is not possible");

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        if (stage.SeenShape[2] == Height && stage.SeenShape[3] == Width)
            return inputs[0].alias();
        return Rows(stage).matmul(inputs[0]).matmul(Columns(stage).t());
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        if (stage.SeenShape[2] == Height && stage.SeenShape[3] == Width)
            return [signal.alias()];
        return [Rows(stage).t().matmul(signal).matmul(Columns(stage))];
    }

    private torch.Tensor Rows(Stage stage) => Averaging(stage, (int)stage.SeenShape[2], Height);

    private torch.Tensor Columns(Stage stage) => Averaging(stage, (int)stage.SeenShape[3], Width);

    private static torch.Tensor Averaging(Stage stage, int from, int to) => stage.Constant($"adaptive {from}->{to}", () =>
    {
        var matrix = new float[to * from];
        for (var i = 0; i < to; i++)
        {
            var (first, end) = ((int)((long)i * from / to), (int)((((long)(i + 1) * from) + to - 1) / to));
            for (var j = first; j < end; j++)
                matrix[(i * from) + j] = 1f / (end - first);
        }
        return new FloatTensor($"adaptive {from}->{to}", [to, from], matrix);
    });
}

/// <summary>
/// PyTorch's adaptive max pooling, over the same windows as <see cref="AdaptiveAveragePool"/>. Its backward rule passes each signal to the
/// position of the maximum.
/// </summary>
public sealed record AdaptiveMaxPool(int Height, int Width) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "AdaptiveMaxPool";

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Reach Reach => Reach.All;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs) => Height >= 1 && Width >= 1
        ? new(OnlyMap(node, inputs).Channels, Height, Width)
        : throw new GraphException(node, $"an output of {Height}x{Width} is not possible");

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        var (values, switches) = torch.nn.functional.adaptive_max_pool2d_with_indices(inputs[0], [Height, Width]);
        if (stage.Rule is not null)
            stage.Memory = switches;
        return values;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var (height, width) = ((int)stage.SeenShape[2], (int)stage.SeenShape[3]);
        // Adjacent windows share positions, and where the output is larger than the input, several windows cover the same position.
        var overlap = Math.Max((Height + height - 1) / height, (Width + width - 1) / width) + 1;
        return [MaxPool.Scatter(signal, stage.Memory!, height, width, overlap)];
    }
}
