using VizPipeline.Web.Data;
using static VizPipeline.Web.Export.ColumnKind;

namespace VizPipeline.Web.Export;

/// <summary>The table <c>classes</c>: one row per class that has an image or a neuron.</summary>
internal static class ClassExport
{
    public static ExportTable<ClassLine> Table { get; } = new("classes",
    [
        new("index", Integer, line => line.Index),
        new("name", Text, line => line.Name),
        new("images", Integer, line => line.Images),
        new("neurons", Integer, line => line.Neurons),
    ]);
}
