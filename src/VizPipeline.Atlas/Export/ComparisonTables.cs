using VizPipeline.Atlas.Web.Data;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The tables of a comparison: matching layers, neurons with the overlap of their top 9, and similar layers.</summary>
internal static class ComparisonTables
{
    public static ExportTable<LayerMatch> Layers { get; } = new("compared_layers",
    [
        new("layer", Text, match => match.One.Name),
        new("channels", Integer, match => match.One.Channels),
        new("stayed", ColumnKind.Double, match => match.Stayed),
        new("changed_neurons", Integer, match => match.Changed),
    ]);

    public static ExportTable<(LayerMatch Layer, NeuronChange Neuron)> Neurons { get; } = new("compared_neurons",
    [
        new("layer", Text, row => row.Layer.One.Name),
        new("channel", Integer, row => row.Neuron.Channel),
        new("shared", Integer, row => row.Neuron.Shared),
        new("places", Integer, row => row.Neuron.Places),
        new("max_one", ColumnKind.Double, row => row.Neuron.MaxOne),
        new("max_other", ColumnKind.Double, row => row.Neuron.MaxOther),
    ]);

    public static ExportTable<LayerKin> Kin { get; } = new("compared_kin",
    [
        new("layer", Text, kin => kin.One.Name),
        new("other_layer", Text, kin => kin.Other.Name),
        new("similarity", ColumnKind.Double, kin => kin.Similarity),
    ]);
}
