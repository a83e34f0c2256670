using System.Text.Json.Serialization;

namespace VizPipeline.Jobs;

/// <summary>What a weighted layer's neurons are made of, and who of them reads the neurons below. Numbers have six digits, weights of kernels four.</summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Neurons">One row per channel, in order.</param>
/// <param name="Readers">One row per layer that it reads, by their indices.</param>
public sealed record LinkTable(int Layer, IReadOnlyList<NeuronInputsRow> Neurons, IReadOnlyList<LayerReadersRow> Readers);

/// <summary>The strongest inputs of one neuron.</summary>
/// <param name="Norm">L2 norm of all its weights.</param>
/// <param name="Largest">Largest magnitude among all its weights: the scale of its kernels.</param>
/// <param name="Inputs">Up to 8, by the norm of their kernels, largest first.</param>
public sealed record NeuronInputsRow(float Norm, float Largest, IReadOnlyList<InputLinkRow> Inputs);

/// <summary>One input channel of one neuron.</summary>
/// <param name="Layer">Index of the layer that it reads; -1 for the network's input, and where it is none of the atlas's layers.</param>
/// <param name="Channel">The channel there; of an RGB input 0, 1, 2 for red, green, blue; -1 where it is not known.</param>
/// <param name="Input">The channel among all that the layer's operator reads.</param>
/// <param name="Norm">L2 norm of the kernel.</param>
/// <param name="Sum">Sum of the kernel's weights.</param>
/// <param name="Kernel">The weights; null for those of a fully connected layer over a large map.</param>
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

/// <summary>Who reads the channels of one layer.</summary>
/// <param name="Layer">Index of the layer that is read.</param>
/// <param name="Channels">For each of its channels up to 8 readers, by their share, largest first.</param>
public sealed record LayerReadersRow(int Layer, IReadOnlyList<IReadOnlyList<ReaderLinkRow>> Channels);

/// <summary>A neuron of the table's layer that reads a channel.</summary>
/// <param name="Channel">The reading neuron.</param>
/// <param name="Share">Norm of its weights to the channel over the norm of all its weights, from 0 to 1; squares of shares add up to 1.</param>
/// <param name="Sum">Sum of its weights to the channel.</param>
public sealed record ReaderLinkRow(int Channel, float Share, float Sum);
