using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Catalog;

/// <summary>Fills a catalog with an atlas <c>demo</c>, all of whose jobs but one are done, and with its worker.</summary>
public static class FilledCatalog
{
    public static AtlasSpec Spec { get; } = SpecSamples.Small("demo") with { OutputNames = ["tench", "goldfish"] };

    public static async Task FillAsync(CatalogFixture catalog)
    {
        var atlas = await catalog.Create(Spec);
        var pictures = new List<PictureRow>();
        await using var context = catalog.Database.Open();
        await using var transaction = await context.Database.BeginTransactionAsync();
        foreach (var planned in JobPlan.For(Spec))
        {
            var job = await context.Jobs.AsTracking().SingleAsync(row => row.AtlasId == atlas.Id && row.JobId == planned.Id);
            await ResultIngest.IngestAsync(context, job, Result(planned.Command, pictures), default);
            (job.State, job.ElapsedSeconds, job.FinishedAt) = (JobState.Completed, 1.5, DateTime.UnixEpoch.AddSeconds(planned.Id));
            (job.Worker, job.Phases, job.Attempt) = ("worker-1", "{\"forward\": 1.25}", 1);
        }
        var failed = await context.Jobs.AsTracking().FirstAsync(job => job.Kind == JobKind.Filters);
        (failed.State, failed.Failures, failed.Error, failed.ElapsedSeconds) = (JobState.Failed, 3, "out of memory", null);
        context.Add(new WorkerNode
        {
            Name = "worker-1",
            Host = "node-1",
            Device = "cpu",
            SoftwareVersion = "0.1.0",
            Kinds = "scan,merge",
            State = WorkerState.Idle,
            StartedAt = DateTime.UnixEpoch,
            LastSeenAt = DateTime.UnixEpoch.AddHours(1),
            JobsDone = 20,
            ProcessId = 1,
            MemoryBytes = 1L << 33,
        });
        context.Add(new Facet
        {
            LayerId = await context.Layers.Where(layer => layer.AtlasId == atlas.Id).Select(layer => layer.Id).FirstAsync(),
            Number = 1,
            Images = 3,
            Share = 1,
            ImageIndices = [2, 0, 1],
        });
        await context.SaveChangesAsync();
        await transaction.CommitAsync();
    }

    private static byte[] Result(JobCommand command, List<PictureRow> pictures)
    {
        switch (command)
        {
            case ScanShard scan:
                return VizJson.Write(ResultSamples.Scan(scan));
            case MergeLayer merge:
                return VizJson.Write(ResultSamples.Layer(Spec, merge.Layer));
            case RenderPatches patches:
                return VizJson.Write(ResultSamples.Patches(Spec, patches));
            case AscendNeurons ascent:
                var table = ResultSamples.Ascent(Spec, ascent);
                pictures.AddRange(table.Pictures);
                return VizJson.Write(table);
            case RenderFilters filters:
                return VizJson.Write(ResultSamples.Filters(Spec, filters));
            case RenderSheet sheet:
                var sheetTable = ResultSamples.Sheet(Spec, sheet, pictures.Where(picture => picture.Layer == sheet.Layer));
                return VizJson.Write(sheetTable with
                {
                    Percentiles = [.. sheetTable.Percentiles.Select(
                    row => row with { Percentile = row.Channel == 1 ? 100 : 99 })]
                });
            default:
                throw new ArgumentException($"no result for {command}");
        }
    }
}
