using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>One neuron. Rows exist for all neurons from the start; the statistics are null until the layer is merged.</summary>
public sealed class Neuron : NeuronFacts
{
    /// <summary>The layer.</summary>
    public int LayerId { get; set; }

    /// <summary>The channel.</summary>
    public int Channel { get; set; }

    /// <summary>Name of the network output; null for neurons of other layers and for unnamed outputs.</summary>
    public string? Name { get; set; }
}
