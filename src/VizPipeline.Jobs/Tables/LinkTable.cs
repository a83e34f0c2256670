using System.Text.Json.Serialization;

namespace VizPipeline.Jobs;

/// <summary>
/// The inputs of a weighted layer's neurons, and its neurons that read each channel of the layers below. Numbers have six significant
/// digits, kernel weights four.
/// </summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Neurons">One row per channel, in order.</param>
/// <param name="Readers">One row per layer it reads, by index.</param>
public sealed record LinkTable(int Layer, IReadOnlyList<NeuronInputsRow> Neurons, IReadOnlyList<LayerReadersRow> Readers);

/// <summary>The strongest inputs of one neuron.</summary>
/// <param name="Norm">L2 norm of all its weights.</param>
/// <param name="Largest">Largest magnitude among all its weights: the scale of its kernels.</param>
/// <param name="Inputs">At most 8, by the norm of their kernels, largest first.</param>
public sealed record NeuronInputsRow(float Norm, float Largest, IReadOnlyList<InputLinkRow> Inputs);

/// <summary>One input channel of one neuron.</summary>
/// <param name="Layer">Index of the layer it reads; -1 for the network's input and for a layer outside the atlas.</param>
/// <param name="Channel">The channel of that layer; 0, 1, 2 for red, green, blue of an RGB input; -1 if unknown.</param>
/// <param name="Input">The channel's index among all input channels of the layer's operator.</param>
/// <param name="Norm">L2 norm of the kernel.</param>
/// <param name="Sum">Sum of the kernel's weights.</param>
/// <param name="Kernel">The weights; null for a fully connected layer over a large map.</param>
public sealed record InputLinkRow(int Layer, int Channel, int Input, float Norm, float Sum, KernelRow? Kernel)
{
    /// <summary>Whether it reads the network's input.</summary>
    [JsonIgnore]
    public bool IsInput => Layer < 0 && Channel >= 0;
}

/// <summary>The weights from one channel to one neuron.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Weights">[Height * Width], row-major.</param>
public sealed record KernelRow(int Height, int Width, IReadOnlyList<float> Weights);

/// <summary>The readers of one layer's channels.</summary>
/// <param name="Layer">Index of the layer being read.</param>
/// <param name="Channels">For each of its channels, at most 8 readers by share, largest first.</param>
public sealed record LayerReadersRow(int Layer, IReadOnlyList<IReadOnlyList<ReaderLinkRow>> Channels);

/// <summary>A neuron of the table's layer that reads a channel.</summary>
/// <param name="Channel">The reading neuron.</param>
/// <param name="Share">
/// Norm of its weights for the channel over the norm of all its weights, from 0 to 1; the squares of a neuron's shares add up to 1.
/// </param>
/// <param name="Sum">Sum of its weights for the channel.</param>
public sealed record ReaderLinkRow(int Channel, float Share, float Sum);
