using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>Concatenates the channels of several maps. Its backward rule splits the signal.</summary>
/// <param name="Channels">Number of channels of each input.</param>
public sealed record Concat(IReadOnlyList<int> Channels) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Concat";

    /// <inheritdoc/>
    public override LayerKind? LayerKind => Graph.LayerKind.Concat;

    /// <inheritdoc/>
    public override bool AllowsOverwrite => true;

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

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
    public override ChannelSource[] TraceChannels(IReadOnlyList<ChannelSource[]> origins, IReadOnlyList<Shape> inputs) =>
        [.. origins.SelectMany(input => input)];

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs) => torch.cat([.. inputs], 1);

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var (parts, first) = (new torch.Tensor[Channels.Count], 0);
        for (var i = 0; i < parts.Length; first += Channels[i++])
            parts[i] = signal.narrow(1, first, Channels[i]);
        return parts;
    }
}
