using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Worker.Jobs;
using ImageEntry = VizPipeline.Images.ImageEntry;

namespace VizPipeline.Worker;

/// <summary>An atlas opened by a worker: its spec, the network on the device, and the images. Not thread-safe.</summary>
public sealed class AtlasRuntime : IDisposable
{
    private readonly Dictionary<int, Layer> _layers;
    private readonly CropCache? _cache;
    private readonly ImageFiles _files;
    private readonly Lazy<NaturalSpectrum?> _spectrum;

    /// <summary>Opens the network on a device.</summary>
    /// <param name="spec">The spec that defines the atlas.</param>
    /// <param name="graph">The network.</param>
    /// <param name="device">The device.</param>
    /// <param name="images">The image list.</param>
    /// <param name="files">The files of the images, which this object closes.</param>
    /// <param name="cache">Settings of the cache of crops; null for none.</param>
    public AtlasRuntime(
        AtlasSpec spec, NetworkGraph graph, torch.Device device, ImageList images, ImageFiles files, CropCacheOptions? cache)
    {
        (Spec, Images, _files) = (spec, images, files);
        Runner = new NetworkRunner(graph, device);
        _layers = spec.Layers.ToDictionary(layer => layer.Index, layer => graph.Layer(layer.Name));
        Preprocessing = Preprocessing.Parse(
            spec.Preprocessing.GetRawText(), "the atlas's spec",
            graph.InputShape.Height, graph.InputShape.Width, graph.InputShape.Channels);
        var manifest = ManifestOf(images, spec.Images.Classes);
        _cache = cache is null || images.Images.Count == 0 ? null : CropCache.Open(manifest, Preprocessing, cache);
        Crops = new CropSource(manifest, files, Preprocessing, _cache);
        // PublicationOnly does not cache an exception, so a failed measurement can succeed next time.
        _spectrum = new(() => AscentMaterials.Spectrum(this), LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>The spec that defines the atlas.</summary>
    public AtlasSpec Spec { get; }

    /// <summary>The network on its device.</summary>
    public NetworkRunner Runner { get; }

    /// <summary>The image list.</summary>
    public ImageList Images { get; }

    /// <summary>The preprocessing that turns images into inputs.</summary>
    public Preprocessing Preprocessing { get; }

    /// <summary>Crops of the images.</summary>
    public CropSource Crops { get; }

    /// <summary>The mean magnitude spectrum of the images, measured on first use; null if there are no images.</summary>
    public NaturalSpectrum? Spectrum => _spectrum.Value;

    /// <summary>Returns the network's layer for the spec's layer with an <paramref name="index"/>.</summary>
    public Layer Layer(int index) => _layers[index];

    /// <summary>Uploads crops to the device and preprocesses them; the shape is [N, C, H, W].</summary>
    public torch.Tensor Upload(ReadOnlyMemory<byte> crops, int count) => ImageTensor.Create(crops, count, Preprocessing, Runner.Device);

    /// <inheritdoc/>
    public void Dispose()
    {
        Runner.Dispose();
        CloseFiles();
    }

    /// <summary>Closes the crops and the archives and leaves the network open.</summary>
    internal void CloseFiles()
    {
        _cache?.Dispose();
        _files.Dispose();
    }

    private static ImageManifest ManifestOf(ImageList images, IReadOnlyList<string> classes) => new(
        [.. images.Images.Select((image, i) => new ImageEntry(
            i, image.Path, image.Bytes, image.ContentHash,
            image.Label is { } label && label < classes.Count ? classes[label] : null,
            image.Label, image.Unreadable))]);
}
