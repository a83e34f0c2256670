using VizPipeline.Atlas.Web.Data;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The tables of a neuron's strongest inputs and of the neurons that depend on it most.</summary>
internal static class LinkExport
{
    public static ExportTable<NeuronInput> Inputs { get; } = new("inputs",
    [
        new("layer", Text, link => link.IsInput ? "input" : link.Layer?.Name),
        new("channel", Integer, link => link.Channel),
        new("input_channel", Integer, link => link.Input),
        new("share", ColumnKind.Single, link => link.Share),
        new("sum", ColumnKind.Single, link => link.Sum),
        new("kernel_height", Integer, link => link.Kernel?.Height),
        new("kernel_width", Integer, link => link.Kernel?.Width),
        new("kernel", Singles, link => link.Kernel?.Weights),
    ]);

    public static ExportTable<NeuronOutput> Outputs { get; } = new("outputs",
    [
        new("layer", Text, link => link.Layer.Name),
        new("channel", Integer, link => link.Channel),
        new("share", ColumnKind.Single, link => link.Share),
        new("sum", ColumnKind.Single, link => link.Sum),
    ]);
}
