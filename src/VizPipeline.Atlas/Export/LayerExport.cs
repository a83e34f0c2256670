using VizPipeline.Catalog;
using VizPipeline.Jobs;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The table <c>layers</c>: one row per observed layer.</summary>
internal static class LayerExport
{
    public static ExportTable<Layer> Table { get; } = new("layers",
    [
        new("index", Integer, layer => layer.LayerIndex, "number of the layer, from 0, in the order in which layers were added"),
        new("name", Text, layer => layer.Name, "name in the network"),
        new("kind", Text, layer => layer.Kind, "conv, linear, merge, dictionary or output"),
        new("operator", Text, layer => layer.Operator, "the operator, for people"),
        new("channels", Integer, layer => layer.Channels, "number of neurons"),
        new("height", Integer, layer => layer.Height, "rows of a neuron's map", "positions"),
        new("width", Integer, layer => layer.Width, "columns of a neuron's map", "positions"),
        new("field_height", Integer, layer => layer.FieldHeight, "height of the receptive field", "pixels"),
        new("field_width", Integer, layer => layer.FieldWidth, "width of the receptive field", "pixels"),
        new("stride_y", Integer, layer => layer.StrideY, "distance between the fields of neighbouring rows", "pixels"),
        new("stride_x", Integer, layer => layer.StrideX, "distance between the fields of neighbouring columns", "pixels"),
        new("start_y", ColumnKind.Double, layer => layer.StartY,
            "centre of the field of row 0, where 0 is the centre of the first pixel", "pixels"),
        new("start_x", ColumnKind.Double, layer => layer.StartX, "centre of the field of column 0", "pixels"),
        new("sees_whole_input", Flag, layer => layer.SeesWholeInput, "whether every unit sees the whole image"),
        new("parameters", Long, layer => layer.Parameters, "weights and biases"),
        new("depth", Integer, layer => layer.Depth, "weighted operators from the input to here"),
        new("flops", Long, layer => layer.Flops,
            "floating-point operations of the operator for one image, a multiply-add counts as two", "operations"),
        new("sheet_object_key", Text, layer => layer.SheetKey, "key of the contact sheet in a cluster's object store"),
        new("rectified", Flag, layer => layer.Rectified, "whether no activation can be below 0, so that neurons can be dead"),
        new("sheet_file", Text, layer => layer.SheetKey is { } key ? AtlasKeys.PathInFolder(key) : null,
            "path of the contact sheet in the atlas's folder"),
    ], "one row per observed layer");
}
