using TorchSharp;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Torch;
using VizPipeline.ObjectStore;
using VizPipeline.Worker;
using ImageEntry = VizPipeline.Images.ImageEntry;

namespace VizPipeline.Cli.Verify;

/// <summary>Opens the image set of an atlas and checks that its list has not changed.</summary>
internal static class VerifiedImages
{
    /// <summary>Opens network and images as workers do, but without a cache, which would hide changes of the files.</summary>
    /// <exception cref="UsageException">The folder has moved, or the image list of the atlas is missing.</exception>
    public static async Task<AtlasRuntime> OpenAsync(
        VerifiedAtlas atlas, NetworkGraph graph, VerifyOptions options, List<string> findings, CancellationToken cancellation)
    {
        var spec = atlas.Spec.Images;
        var folder = options.Images ?? spec.Root;
        if (!BucketAddress.IsBucket(folder) && !Directory.Exists(folder))
            throw new UsageException($"the atlas's image folder '{folder}' does not exist any more; give its new path with --images");
        var key = AtlasKeys.ImageList(atlas.Spec.Id);
        var bytes = await atlas.Store.TryGetAsync(key, cancellation)
            ?? throw new UsageException($"the atlas's image list {key} is missing; `viz run` with the same settings writes it again");
        var list = VizJson.Read<ImageList>(bytes);
        var manifest = ToManifest(list, spec.Classes);
        await CheckRowsAsync(atlas, list, findings, cancellation);
        // With --class-names the hash covers the original labels, which the list does not contain.
        if (atlas.Spec.OutputNames.Count == 0 && manifest.Hash != spec.ManifestHash
            && ImageGrowth.Hash(list, spec.Classes) != spec.ManifestHash)
            findings.Add("image list: differs from the list that the atlas was planned with (different hash)");
        TorchRuntime.Start();
        return new AtlasRuntime(atlas.Spec, graph, torch.CPU, list, ImageRoots.Here().Open(folder), cache: null);
    }

    private static async Task CheckRowsAsync(VerifiedAtlas atlas, ImageList list, List<string> findings, CancellationToken cancellation)
    {
        await using var catalog = atlas.Database.Open();
        var count = 0;
        await foreach (var image in catalog.ImagesAsync(atlas.Row.Id).WithCancellation(cancellation))
        {
            if (count < list.Images.Count
                && (image.ImageIndex != count || image.Path != list.Images[count].Path || image.Label != list.Images[count].Label))
                findings.Add($"image list: image {count} is '{list.Images[count].Path}', but '{image.Path}' in the catalog");
            count++;
        }
        if (count != list.Images.Count || count != atlas.Spec.Images.Count)
            findings.Add(
                $"image list: {list.Images.Count} images in the list, {count} in the catalog, {atlas.Spec.Images.Count} in the spec");
    }

    private static ImageManifest ToManifest(ImageList images, IReadOnlyList<string> classes) => new(
        [.. images.Images.Select((image, i) => new ImageEntry(
            i, image.Path, image.Bytes, image.ContentHash, image.Label is { } label && label < classes.Count ? classes[label] : null,
            image.Label, image.Unreadable))]);
}
