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
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var (parts, first) = (new torch.Tensor[Channels.Count], 0);
        for (var i = 0; i < parts.Length; first += Channels[i++])
            parts[i] = signal.narrow(1, first, Channels[i]);
        return parts;
    }
}
