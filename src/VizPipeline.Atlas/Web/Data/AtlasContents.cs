using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>The contents of an atlas's page, apart from its layers.</summary>
/// <param name="Jobs">Job counts by kind and state.</param>
/// <param name="Failures">The first failed jobs.</param>
/// <param name="Unreadable">The first images that could not be read.</param>
/// <param name="UnreadableCount">The number of images that could not be read.</param>
/// <param name="Pictures">The number of pictures by layer and method.</param>
/// <param name="Dead">The number of dead neurons by layer; layers that are not merged are missing.</param>
/// <param name="Images">The number of images in the set.</param>
/// <param name="Unserved">Jobs that are ready to run, of kinds that no live worker serves.</param>
public sealed record AtlasContents(
    IReadOnlyList<JobCount> Jobs, IReadOnlyList<Job> Failures, IReadOnlyList<Image> Unreadable, int UnreadableCount,
    IReadOnlyDictionary<(int Layer, string Method), int> Pictures, IReadOnlyDictionary<int, int> Dead, int Images,
    IReadOnlyList<UnservedJobs> Unserved)
{
    private const int Shown = 20;
    private const int ChosenPerLayer = 8;

    /// <summary>The neurons that stand for each layer, by the layer's id.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<ChosenNeuron>> Chosen { get; init; } =
        new Dictionary<int, IReadOnlyList<ChosenNeuron>>();

    /// <summary>How often the network is right about the labelled images; null if unknown.</summary>
    public NetworkAccuracy? Accuracy { get; init; }

    /// <summary>How to go on if jobs remain and no process works on them; otherwise null.</summary>
    public string? Stop { get; init; }

    /// <summary>Reads the contents.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="atlas">The atlas.</param>
    /// <param name="now">The current time in UTC; null if no workers report to the catalog.</param>
    /// <param name="cancellation">Cancels reading.</param>
    public static async Task<AtlasContents> ReadAsync(
        CatalogContext catalog, LoadedAtlas atlas, DateTime? now, CancellationToken cancellation)
    {
        var id = atlas.Row.Id;
        var layers = atlas.Layers.Select(layer => layer.Id).ToList();
        var unreadable = catalog.Images.AsNoTracking().Where(image => image.AtlasId == id && image.UnreadableReason != null)
            .OrderBy(image => image.ImageIndex);
        var pictures = await catalog.Pictures.Where(
            picture => layers.Contains(picture.LayerId) && picture.Channel >= 0 && picture.Key != null)
            .GroupBy(picture => new { picture.LayerId, picture.Method })
            .Select(of => new { of.Key.LayerId, of.Key.Method, Count = of.Count() }).ToListAsync(cancellation);
        var dead = await catalog.Neurons.Where(neuron => layers.Contains(neuron.LayerId) && neuron.Dead != null)
            .GroupBy(neuron => neuron.LayerId).Select(of => new { of.Key, Count = of.Sum(neuron => neuron.Dead == true ? 1 : 0) })
            .ToListAsync(cancellation);
        var chosen = new Dictionary<int, IReadOnlyList<ChosenNeuron>>();
        foreach (var layer in atlas.Layers)
            chosen[layer.Id] = await ChosenNeurons.ReadAsync(
                catalog, atlas, layer, ChosenNeurons.ListViews(atlas), ChosenPerLayer, cancellation);
        return new AtlasContents(
            await catalog.CountJobsAsync(id, cancellation),
            await catalog.Jobs.AsNoTracking().Where(job => job.AtlasId == id && job.State == JobState.Failed).OrderBy(job => job.JobId)
                .Take(Shown).ToListAsync(cancellation),
            await unreadable.Take(Shown).ToListAsync(cancellation), await unreadable.CountAsync(cancellation),
            pictures.ToDictionary(of => (of.LayerId, of.Method), of => of.Count), dead.ToDictionary(of => of.Key, of => of.Count),
            await catalog.Images.CountAsync(image => image.AtlasId == id, cancellation),
            now is { } time ? [.. (await catalog.UnservedJobsAsync(time, id, cancellation))[id]] : [])
        {
            Chosen = chosen,
            Accuracy = await NetworkAccuracy.ReadAsync(catalog, atlas.Row, cancellation),
        };
    }
}
