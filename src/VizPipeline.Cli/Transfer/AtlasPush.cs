using System.Security.Cryptography;
using System.Text;
using VizPipeline.Cli.Cluster;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Cli.Packing;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Transfer;

/// <summary>
/// Copies a finished atlas from a folder to a cluster. The objects go first; the catalog makes the atlas visible at the end.
/// </summary>
internal static class AtlasPush
{
    /// <summary>How many objects are transferred at a time.</summary>
    public const int AtOnce = 4;

    /// <summary>Sends the atlas. If this fails, the same call again sends only what is not there yet.</summary>
    /// <param name="atlas">A finished atlas.</param>
    /// <param name="coordinator">The cluster.</param>
    /// <param name="imagesAt">Where workers find the images; null keeps the place in the spec.</param>
    /// <param name="write">Is told, in lines, what happens.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="UsageException">The folder lacks a file, or a file is damaged; or the cluster refuses the atlas.</exception>
    /// <exception cref="ServiceAwayException">The coordinator does not answer.</exception>
    public static async Task RunAsync(
        StoredAtlas atlas, CoordinatorClient coordinator, string? imagesAt, Action<string> write, CancellationToken cancellation)
    {
        var id = atlas.Spec.Id;
        if (await coordinator.TryGetBytesAsync($"atlases/{id}", cancellation) is not null)
            throw new UsageException($"the cluster has an atlas '{id}' already; `viz rename` gives the atlas in the folder another id");
        var spec = await SendModelAsync(atlas.Spec, coordinator, write, cancellation);
        if (imagesAt is not null)
            spec = spec with { Images = spec.Images with { Root = imagesAt } };
        var scratch = Path.Combine(Path.GetTempPath(), $"viz-push-{Path.GetRandomFileName()}");
        using var pack = await AtlasPack.PlanAsync(
            atlas, scratch, withSources: true, withNotes: false, spec with { Device = "auto" }, cancellation);
        write($"Sending atlas '{id}': {Format(pack.Sources.Count)}, {ByteSize.Format(pack.Bytes)}");
        var there = (await coordinator.GetAsync<List<string>>($"atlases/{id}/objects", cancellation)).ToHashSet(StringComparer.Ordinal);
        var (catalog, content) = (EmbeddedAtlas.CatalogFile(""), Identify(pack, cancellation));
        using (var progress = new ByteProgress("sending", pack.Bytes))
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation };
            await Parallel.ForEachAsync(pack.Sources.Where(source => source.Name != catalog), options, async (source, stop) =>
            {
                var entry = source.Describe(progress: null, stop);
                pack.Check(source.Name, entry);
                await coordinator.SendObjectAsync(
                    id, content, source.Name, entry.Sha256, there.Contains(source.Name), () => source.Open(progress: null, stop), stop);
                progress.Add(entry.Bytes);
            });
        }
        await coordinator.ImportAsync(id, content, pack.Sources.Single(source => source.Name == catalog).File!, cancellation);
    }

    // The hash of the files that name all others or change with every build: the same atlas, sent again, has the same.
    private static string Identify(AtlasPack pack, CancellationToken cancellation)
    {
        var lists = pack.Sources.Where(source => source.Name is "spec.json" or "manifest.json" or "images.json" or "objects.json")
            .OrderBy(source => source.Name, StringComparer.Ordinal)
            .Select(source => source.Describe(progress: null, cancellation).Sha256);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(lists))));
    }

    // The live tool and growth need the network; without it, everything else works.
    private static async Task<AtlasSpec> SendModelAsync(
        AtlasSpec spec, CoordinatorClient coordinator, Action<string> write, CancellationToken cancellation)
    {
        var model = spec.Model with { ModelKey = null, WeightsKey = null };
        if (model.ModelSha256 is { } hash)
            model = model with { ModelKey = await SendFileAsync(model.Model, hash) };
        if (model is { Weights: { } weights, WeightsSha256: { } weightsHash })
            model = model with { WeightsKey = await SendFileAsync(weights, weightsHash) };
        return spec with { Model = model };

        async Task<string?> SendFileAsync(string file, string sha256)
        {
            if (File.Exists(file) && await FileHash.Sha256Async(file, cancellation) == sha256)
                return await coordinator.SendModelAsync(file, sha256, cancellation);
            write(
                $"Without the network: {file} is {(File.Exists(file) ? "another file now" : "not there")}. "
                + "The cluster cannot show feature maps of other pictures, nor let the atlas grow");
            return null;
        }
    }

    private static string Format(int files) => Atlas.Web.Format.Counted(files, "file");
}
