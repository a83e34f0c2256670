using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>
/// A scale and a shift per channel: batch normalisation at inference, and additions and multiplications with constants. Its backward rule
/// multiplies by the scale, gamma / sqrt(var + eps) (docs/methods.md, section 2).
/// </summary>
/// <param name="Scale">[C].</param>
/// <param name="Shift">[C].</param>
/// <param name="LearnedParameters">Number of learned parameters that it stands for: gamma and beta; running statistics are not
/// learned.</param>
public sealed record ChannelAffine(FloatTensor Scale, FloatTensor Shift, long LearnedParameters) : Operator
{
    /// <summary>Creates a batch normalisation from its running statistics.</summary>
    /// <exception cref="GraphException">The four vectors differ in length.</exception>
    public static ChannelAffine BatchNorm(
        string node, FloatTensor? gamma, FloatTensor? beta, FloatTensor mean, FloatTensor variance, double epsilon)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(variance);
        var channels = (int)mean.Count;
        if (variance.Count != channels || (gamma?.Count ?? channels) != channels || (beta?.Count ?? channels) != channels)
        {
            throw new GraphException(
                node, $"the vectors of the normalisation differ in length (mean {channels}, variance {variance.Count})");
        }
        var learned = (gamma?.Count ?? 0) + (beta?.Count ?? 0);
        if (mean.IsPlaceholder)
        {
            return new ChannelAffine(
                FloatTensor.Placeholder(node + ".scale", channels), FloatTensor.Placeholder(node + ".shift", channels), learned);
        }
        var (scale, shift) = (new float[channels], new float[channels]);
        for (var c = 0; c < channels; c++)
        {
            var factor = (gamma?.Values[c] ?? 1.0) / Math.Sqrt(variance.Values[c] + epsilon);
            scale[c] = (float)factor;
            shift[c] = (float)((beta?.Values[c] ?? 0.0) - (mean.Values[c] * factor));
        }
        return new ChannelAffine(
            new FloatTensor(node + ".scale", [channels], scale), new FloatTensor(node + ".shift", [channels], shift), learned);
    }

    /// <inheritdoc/>
    public override string Kind => "BatchNorm";

    /// <inheritdoc/>
    public override LayerPart LayerPart => LayerPart.Inner;

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override bool AllowsOverwrite => true;

    /// <inheritdoc/>
    public override long Parameters => LearnedParameters;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        return Scale.Count == input.Channels && Shift.Count == input.Channels
            ? input : throw new GraphException(node, $"it has {Scale.Count} channels but its input has {input.Channels}");
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        return (inputs[0] * PerChannel(stage, Scale)).Plus(PerChannel(stage, Shift));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal) => [signal * PerChannel(stage, Scale)];

    private static torch.Tensor PerChannel(Stage stage, FloatTensor values) =>
        stage.SeenShape.Length == 4 ? stage.Weight(values, "per channel", plain => plain.view(1, -1, 1, 1)) : stage.Weight(values);
}
