using System.Globalization;
using VizPipeline.Atlas.Web.Data;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The table <c>atlases</c>: one row per atlas, times in UTC.</summary>
internal static class AtlasTable
{
    public static ExportTable<AtlasSummary> Table { get; } = new("atlases",
    [
        new("atlas", Text, line => line.Atlas.Slug),
        new("name", Text, line => line.Atlas.Name),
        new("state", Text, line => EnumText.ToSnakeCase(line.Atlas.State)),
        new("created_at", Text, line => FormatTime(line.Atlas.CreatedAt)),
        new("finished_at", Text, line => FormatTime(line.Atlas.FinishedAt)),
        new("spec_hash", Text, line => line.Atlas.SpecHash),
        new("layer_count", Integer, line => line.Layers),
        new("neuron_count", Long, line => line.Neurons),
        new("image_count", Integer, line => line.Images),
        new("jobs", Integer, line => line.Jobs),
        new("jobs_completed", Integer, line => line.Done),
        new("jobs_failed", Integer, line => line.Failed),
    ]);

    /// <summary>Formats a time in UTC, as in all tables.</summary>
    public static string? FormatTime(DateTime? time) => time?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
