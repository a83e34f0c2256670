using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Jobs;

/// <summary>
/// What an earlier run of a job, over fewer images, has left: pictures whose material is the same stay, and are not made again.
/// </summary>
internal sealed class UnchangedPictures
{
    private readonly ILookup<int, PictureRow> _pictures;

    private UnchangedPictures(PictureTable? table)
    {
        (Pictures, Checks, Facets) = (table?.Pictures ?? [], table?.Patches ?? [], table?.Facets ?? []);
        _pictures = Pictures.ToLookup(picture => picture.Channel);
    }

    /// <summary>The rows of all pictures of the earlier run.</summary>
    public IReadOnlyList<PictureRow> Pictures { get; }

    /// <summary>Its checks of patches.</summary>
    public IReadOnlyList<PatchCheckRow> Checks { get; }

    /// <summary>Its facets.</summary>
    public IReadOnlyList<FacetRow> Facets { get; }

    /// <summary>Finds them; empty if the job never ended, or its table is damaged or of an earlier version.</summary>
    public static async Task<UnchangedPictures> FindAsync(
        IObjectStore store, AtlasSpec spec, JobCommand command, CancellationToken cancellation)
    {
        var key = JobKinds.Get(command).GetResultKeyOf(spec, command);
        try
        {
            var table = await store.TryGetAsync(key, cancellation) is { } bytes ? VizJson.Read<PictureTable>(bytes) : null;
            // Somebody may have sent the table with an atlas. What it names is kept, shown and deleted.
            return new(table?.Pictures.All(picture => picture.Key is null || AtlasKeys.IsOf(spec.Id, picture.Key)) == true ? table : null);
        }
        catch (CorruptTableException)
        {
            return new(null);
        }
    }

    /// <summary>Returns whether all pictures of a neuron are there, made of a material.</summary>
    public bool Has(int channel, string? material, int count)
        => material is not null && _pictures[channel].Count() == count && _pictures[channel].All(row => row.Material == material);

    /// <summary>Returns whether a neuron has pictures, all made of a material.</summary>
    public bool Has(int channel, string? material) => Has(channel, material, Math.Max(1, _pictures[channel].Count()));
}
