using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Network.Import;
using VizPipeline.Network.Torch;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker;

/// <summary>Opens atlases for jobs and keeps the last one open: loading a network takes longer than many a job.</summary>
public sealed class AtlasRuntimes(IObjectStore store, ModelFiles models, ImageRoot roots, IOptions<WorkerOptions> options, ILogger<AtlasRuntimes> logger) : IDisposable
{
    private AtlasRuntime? _open;
    private byte[] _openSpec = [];

    /// <summary>The atlas, opened. Only under the <see cref="DeviceGate"/>.</summary>
    /// <exception cref="ObjectStoreException">Its spec or image list is missing.</exception>
    /// <exception cref="ImageSetException">This machine does not see its image set.</exception>
    public async Task<AtlasRuntime> Open(string atlasId, CancellationToken cancellation)
    {
        var bytes = await store.GetAsync(AtlasKeys.Spec(atlasId), cancellation);
        if (_open is not null && bytes.AsSpan().SequenceEqual(_openSpec))
            return _open;
        var images = VizJson.Read<ImageList>(await store.GetAsync(AtlasKeys.ImageList(atlasId), cancellation));
        _open?.Dispose();
        _open = null;
        var spec = VizJson.Read<AtlasSpec>(bytes);
        var files = roots.Open(spec.Images.Root);
        // Else each picture would be missing, one by one, and the atlas be finished without any.
        if (images.Images.Count > 0)
            files.Check();
        var device = TorchDevice.Find(spec.Device != "auto" ? spec.Device : options.Value.Device);
        var (height, width) = (spec.Model.Input[1], spec.Model.Input[2]);
        using var found = await models.Find(spec.Model, cancellation);
        var graph = NetworkLoader.Load(found.Model, found.Weights, (height, width));
        _open = new AtlasRuntime(spec, graph, device, images, files, CacheOptions());
        _openSpec = bytes;
        logger.AtlasOpened(atlasId, graph.Name, device.ToString());
        return _open;
    }

    /// <inheritdoc/>
    public void Dispose() => _open?.Dispose();

    private CropCacheOptions? CacheOptions()
    {
        return options.Value.CacheFolder is { Length: 0 } ? null : new CropCacheOptions { Disk = options.Value.Disk(), Warn = logger.CacheUnusable };
    }
}
