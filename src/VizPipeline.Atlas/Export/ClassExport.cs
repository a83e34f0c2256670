using VizPipeline.Atlas.Web.Data;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The table <c>classes</c>: one row per class that has an image or a neuron.</summary>
internal static class ClassExport
{
    public static ExportTable<ClassSummary> Table { get; } = new("classes",
    [
        new("index", Integer, line => line.Index),
        new("name", Text, line => line.Name),
        new("images", Integer, line => line.Images),
        new("neurons", Integer, line => line.Neurons),
    ]);
}
