using System.Globalization;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The table <c>jobs</c>: one row per job, times in UTC.</summary>
internal static class JobExport
{
    public static ExportTable<Job> Table { get; } = new("jobs",
    [
        new("job", Long, job => job.JobId),
        new("kind", Text, job => job.Kind.Name()),
        new("layer_index", Integer, job => job.LayerIndex),
        new("units", Integer, job => job.Units),
        new("state", Text, job => EnumText.ToSnakeCase(job.State)),
        new("attempt", Integer, job => job.Attempt),
        new("failures", Integer, job => job.Failures),
        new("losses", Integer, job => job.Losses),
        new("worker", Text, job => job.Worker),
        new("started_at", Text, job => Time(job.StartedAt)),
        new("finished_at", Text, job => Time(job.FinishedAt)),
        new("elapsed_seconds", ColumnKind.Double, job => job.ElapsedSeconds),
        new("result_key", Text, job => job.ResultKey),
        new("error", Text, job => job.Error),
    ]);

    private static string? Time(DateTime? time) => time?.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
