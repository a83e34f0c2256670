namespace VizPipeline.Methods.Filters;

/// <summary>The strongest connections of a weighted layer's neurons, and the strongest readers of the neurons below.</summary>
/// <param name="Neurons">The strongest inputs of each output channel.</param>
/// <param name="Readers">For each observed layer that is read, the strongest readers of its channels, ordered by the layer's index.</param>
public sealed record LayerLinks(IReadOnlyList<NeuronInputs> Neurons, IReadOnlyList<LayerReaders> Readers);

/// <summary>The strongest inputs of one neuron.</summary>
/// <param name="Norm">L2 norm of all its weights.</param>
/// <param name="Largest">Largest magnitude among all its weights.</param>
/// <param name="Inputs">Ordered by the norm of their kernels, largest first; ties by their input channel.</param>
public sealed record NeuronInputs(double Norm, float Largest, IReadOnlyList<InputLink> Inputs);

/// <summary>One input channel of one neuron.</summary>
/// <param name="Layer">Index among the observed layers of the layer that it reads; -1 for the network's input or an unobserved
/// value.</param>
/// <param name="Channel">The channel of that layer; of an RGB input 0, 1, 2 for red, green, blue, whatever the model's order; -1 if
/// unknown.</param>
/// <param name="Input">Index of the channel among all that the weighted operator reads.</param>
/// <param name="Norm">L2 norm of the kernel.</param>
/// <param name="Sum">Sum of the kernel's weights.</param>
/// <param name="Kernel">The weights; null for a fully connected layer over a large map.</param>
public sealed record InputLink(int Layer, int Channel, int Input, double Norm, double Sum, LinkKernel? Kernel)
{
    /// <summary>Whether it reads the network's input.</summary>
    public bool IsInput => Layer < 0 && Channel >= 0;
}

/// <summary>The weights from one channel to one neuron.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Weights">[Height * Width], row-major.</param>
public sealed record LinkKernel(int Height, int Width, IReadOnlyList<float> Weights);

/// <summary>The readers of one observed layer's channels.</summary>
/// <param name="Layer">Its index among the observed layers.</param>
/// <param name="Channels">For each of its channels the readers, ordered by their share, largest first; ties by their channel.</param>
public sealed record LayerReaders(int Layer, IReadOnlyList<IReadOnlyList<ReaderLink>> Channels);

/// <summary>A neuron that reads a channel.</summary>
/// <param name="Channel">The reading neuron.</param>
/// <param name="Share">Norm of its weights to the channel divided by the norm of all its weights, from 0 to 1; squared shares add up to
/// 1.</param>
/// <param name="Sum">Sum of its weights to the channel.</param>
public sealed record ReaderLink(int Channel, double Share, double Sum);
