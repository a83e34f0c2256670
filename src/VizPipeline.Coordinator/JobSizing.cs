using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Sizes the jobs of an atlas from the durations of earlier jobs on this cluster.</summary>
/// <remarks>
/// Short jobs cause message overhead; long ones are lost with their worker and delay the end of an atlas. A submitter can only guess the
/// speed of the workers. The sizes do not define an atlas, so they may change until it is planned.
/// </remarks>
internal static class JobSizing
{
    /// <summary>The target duration of a job in seconds; between 30 and 120 works well.</summary>
    public const double TargetSeconds = 60;

    private const int LatestAtlases = 20;
    private const int JobsPerDevice = 2;
    private const int LeastImages = 32;
    private const int MostImages = 100_000;
    private const int MostNeurons = 4_096;

    // A result that already existed is answered at once, and its duration means nothing.
    private const double ShortestJob = 0.05;

    /// <summary>Returns the spec with job sizes for this cluster.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="spec">The submitted spec; sizes without measurements stay as they are.</param>
    /// <param name="devices">The number of devices of live workers.</param>
    /// <param name="cancellation">Cancels the operation.</param>
    public static async Task<AtlasSpec> FitAsync(CatalogContext catalog, AtlasSpec spec, int devices, CancellationToken cancellation)
    {
        var rates = await RatesAsync(catalog, spec, cancellation);
        var images = SecondsPerUnit(JobSize.ImagesPerShard) is { } perImage
            ? (int)Math.Clamp(TargetSeconds / perImage, LeastImages, MostImages)
            : spec.ShardImages;
        images = EvenShards(spec, images, devices);
        var neurons = SecondsPerUnit(JobSize.NeuronsPerJob) is { } perNeuron
            ? (int)Math.Clamp(TargetSeconds / perNeuron, 1, MostNeurons)
            : spec.NeuronsPerJob;
        return spec with { ShardImages = Math.Max(1, images), NeuronsPerJob = neurons };

        // Kinds that share a size setting are sized together, so the slowest kind of the atlas decides.
        double? SecondsPerUnit(JobSize size) => JobKinds.All
            .Where(kind => kind.Size == size && rates.ContainsKey(kind.Kind) && kind.PlanJobs(spec).Any())
            .Max(kind => (double?)(rates[kind.Kind] * Cost(spec, kind)));
    }

    /// <summary>
    /// Returns the number of images per shard such that all shards have the same size and each device gets the same number of shards.
    /// </summary>
    private static int EvenShards(AtlasSpec spec, int images, int devices)
    {
        var shards = Ceiling(spec.Images.Count, images);
        if (devices > 0)
            shards = Math.Max(JobsPerDevice, Ceiling(shards, devices)) * devices;
        else if (images == spec.ShardImages)
            return images;
        // Round up to whole batches, which are efficient. Rounding down would leave a small shard for one worker to finish at the end.
        var even = Math.Max(Ceiling(spec.Images.Count, Math.Max(1, shards)), Math.Min(LeastImages, images));
        return even > spec.BatchSize ? Ceiling(even, spec.BatchSize) * spec.BatchSize : even;
    }

    private static int Ceiling(int amount, int part) => (int)(((long)amount + part - 1) / part);

    /// <summary>
    /// Returns seconds per unit of work and cost for each kind, from the same network if it has run here before, otherwise from any
    /// network.
    /// </summary>
    private static async Task<Dictionary<JobKind, double>> RatesAsync(
        CatalogContext catalog, AtlasSpec spec, CancellationToken cancellation)
    {
        var atlases = await catalog.Atlases.AsNoTracking()
            .Where(atlas => atlas.Slug != spec.Id).OrderByDescending(atlas => atlas.Id).Take(LatestAtlases).ToListAsync(cancellation);
        var specs = atlases.ToDictionary(atlas => atlas.Id, atlas => atlas.ReadSpec());
        var ids = specs.Keys.ToList();
        var sized = JobKinds.All.Where(kind => kind.Size != JobSize.Fixed).Select(kind => kind.Kind).ToList();
        var work = await catalog.Jobs
            .Where(job => ids.Contains(job.AtlasId) && job.State == JobState.Completed && job.ElapsedSeconds > ShortestJob)
            .Where(job => sized.Contains(job.Kind))
            .GroupBy(job => new { job.AtlasId, job.Kind })
            .Select(jobs => new
            {
                jobs.Key.AtlasId,
                jobs.Key.Kind,
                Units = jobs.Sum(job => (double)job.Units),
                Seconds = jobs.Sum(
                job => job.ElapsedSeconds!.Value)
            })
            .ToListAsync(cancellation);
        return work.GroupBy(done => done.Kind).ToDictionary(kind => kind.Key, kind =>
        {
            var same = kind.Where(done => IsSameNetwork(specs[done.AtlasId].Model, spec.Model)).ToList();
            var known = same.Count > 0 ? same : [.. kind];
            return known.Sum(done => done.Seconds) / known.Sum(done => done.Units * Cost(specs[done.AtlasId], JobKinds.Get(kind.Key)));
        });
    }

    private static bool IsSameNetwork(ModelSpec one, ModelSpec other) => one.ModelSha256 is not null
        ? one.ModelSha256 == other.ModelSha256
        : one.Architecture is not null && one.Architecture == other.Architecture;

    // Cost of a unit in any measure proportional to time: floating-point operations of the layers times passes.
    private static double Cost(AtlasSpec spec, JobKindRow kind)
        => (1 + spec.Layers.Sum(layer => (double)layer.Flops)) * kind.PassesPerUnit(spec);
}
