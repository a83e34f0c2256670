using System.Text;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Sizes an atlas's jobs by what earlier ones took on this cluster.</summary>
/// <remarks>
/// Short jobs cost messages, long ones are lost with their worker and keep the last of many waiting. Who submits can only guess the workers'
/// speed; the sizes are no part of what an atlas is, so they may be changed until it is planned.
/// </remarks>
internal static class JobSizing
{
    /// <summary>What a job should take, in seconds; between 30 and 120 is well.</summary>
    public const double TargetSeconds = 60;

    private const int LatestAtlases = 20;
    private const int JobsPerDevice = 2;
    private const int LeastImages = 32;
    private const int MostImages = 100_000;
    private const int MostNeurons = 4_096;

    // A result that was there already is answered at once and says nothing.
    private const double ShortestJob = 0.05;

    /// <summary>The spec with sizes for this cluster.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="spec">The spec as it was submitted; what nothing is known about stays.</param>
    /// <param name="devices">Devices of the workers that are there.</param>
    /// <param name="cancellation">Stops.</param>
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

        // Kinds that share a setting are cut alike, so the slowest of those that the atlas has decides.
        double? SecondsPerUnit(JobSize size) => JobKinds.All
            .Where(kind => kind.Size == size && rates.ContainsKey(kind.Kind) && kind.PlanJobs(spec).Any())
            .Max(kind => (double?)(rates[kind.Kind] * Cost(spec, kind)));
    }

    /// <summary>Images of a shard, so that all shards are of one size and each device gets as many of them as the others.</summary>
    private static int EvenShards(AtlasSpec spec, int images, int devices)
    {
        var shards = Ceiling(spec.Images.Count, images);
        if (devices > 0)
            shards = Math.Max(JobsPerDevice, Ceiling(shards, devices)) * devices;
        else if (images == spec.ShardImages)
            return images;
        // Up to whole batches, which waste nothing: downwards a small shard would be left over, and one worker be busy with it at the end.
        var even = Math.Max(Ceiling(spec.Images.Count, Math.Max(1, shards)), Math.Min(LeastImages, images));
        return even > spec.BatchSize ? Ceiling(even, spec.BatchSize) * spec.BatchSize : even;
    }

    private static int Ceiling(int amount, int part) => (int)(((long)amount + part - 1) / part);

    /// <summary>Seconds per unit of work and of cost by kind: of the same network where it was here before, else of whatever was.</summary>
    private static async Task<Dictionary<JobKind, double>> RatesAsync(CatalogContext catalog, AtlasSpec spec, CancellationToken cancellation)
    {
        var atlases = await catalog.Atlases.Where(atlas => atlas.Slug != spec.Id).OrderByDescending(atlas => atlas.Id).Take(LatestAtlases)
            .Select(atlas => new { atlas.Id, atlas.Spec }).ToListAsync(cancellation);
        var specs = atlases.ToDictionary(atlas => atlas.Id, atlas => VizJson.Read<AtlasSpec>(Encoding.UTF8.GetBytes(atlas.Spec)));
        var ids = specs.Keys.ToList();
        var sized = JobKinds.All.Where(kind => kind.Size != JobSize.Fixed).Select(kind => kind.Kind).ToList();
        var work = await catalog.Jobs
            .Where(job => ids.Contains(job.AtlasId) && job.State == JobState.Completed && job.ElapsedSeconds > ShortestJob)
            .Where(job => sized.Contains(job.Kind))
            .GroupBy(job => new { job.AtlasId, job.Kind })
            .Select(jobs => new { jobs.Key.AtlasId, jobs.Key.Kind, Units = jobs.Sum(job => (double)job.Units), Seconds = jobs.Sum(job => job.ElapsedSeconds!.Value) })
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

    // What a unit costs, in any measure that is proportional to the time: floating-point operations of the layers times passes.
    private static double Cost(AtlasSpec spec, JobKindRow kind)
        => (1 + spec.Layers.Sum(layer => (double)layer.Flops)) * kind.PassesPerUnit(spec);
}
