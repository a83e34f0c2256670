using VizPipeline.Catalog;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The table <c>similar</c>: neurons and their similarity to one neuron.</summary>
internal static class SimilarTable
{
    public static ExportTable<(Layer Layer, Neuron Neuron, float Similarity)> Table { get; } = new("similar",
    [
        new("layer", Text, row => row.Layer.Name),
        new("channel", Integer, row => row.Neuron.Channel),
        new("name", Text, row => row.Neuron.Name),
        new("similarity", ColumnKind.Single, row => row.Similarity),
    ]);
}
