using VizPipeline.Catalog;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The table <c>layers</c>: one row per observed layer.</summary>
internal static class LayerExport
{
    public static ExportTable<Layer> Table { get; } = new("layers",
    [
        new("index", Integer, layer => layer.LayerIndex),
        new("name", Text, layer => layer.Name),
        new("kind", Text, layer => layer.Kind),
        new("operator", Text, layer => layer.Operator),
        new("channels", Integer, layer => layer.Channels),
        new("height", Integer, layer => layer.Height),
        new("width", Integer, layer => layer.Width),
        new("field_height", Integer, layer => layer.FieldHeight),
        new("field_width", Integer, layer => layer.FieldWidth),
        new("stride_y", Integer, layer => layer.StrideY),
        new("stride_x", Integer, layer => layer.StrideX),
        new("start_y", ColumnKind.Double, layer => layer.StartY),
        new("start_x", ColumnKind.Double, layer => layer.StartX),
        new("sees_whole_input", Flag, layer => layer.SeesWholeInput),
        new("parameters", Long, layer => layer.Parameters),
        new("depth", Integer, layer => layer.Depth),
        new("flops", Long, layer => layer.Flops),
        new("sheet_key", Text, layer => layer.SheetKey),
    ]);
}
