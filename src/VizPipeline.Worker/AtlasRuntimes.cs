using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Images;
using VizPipeline.ImageStore;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker;

/// <summary>
/// Opens atlases for jobs and keeps the last one of each device open, because loading a network takes longer than many jobs.
/// </summary>
public sealed class AtlasRuntimes(
    IObjectStore store, ModelFiles models, ImageRoot roots, IOptions<WorkerOptions> options, ILogger<AtlasRuntimes> logger) : IDisposable
{
    private readonly ConcurrentDictionary<ComputeDevice, (AtlasRuntime Atlas, byte[] Spec)> _open = new();

    /// <summary>Opens an atlas on a device. The caller must have acquired the device from the <see cref="DeviceGate"/>.</summary>
    /// <exception cref="ObjectStoreException">The spec or the image list is missing.</exception>
    /// <exception cref="ImageSetException">The image set cannot be read from this machine.</exception>
    public async Task<AtlasRuntime> OpenAsync(ComputeDevice device, string atlasId, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(device);
        var bytes = await store.GetAsync(AtlasKeys.Spec(atlasId), cancellation);
        if (_open.TryGetValue(device, out var known) && bytes.AsSpan().SequenceEqual(known.Spec))
            return known.Atlas;
        var images = VizJson.Read<ImageList>(await store.GetAsync(AtlasKeys.ImageList(atlasId), cancellation));
        Close(device);
        var spec = VizJson.Read<AtlasSpec>(bytes);
        var files = roots.Open(spec.Images.Root);
        // Otherwise every picture would be reported missing, and the atlas would finish without any.
        try
        {
            if (images.Images.Count > 0)
                files.Check();
            var torch = device.For(spec.Device);
            using var found = await models.FindAsync(spec, cancellation);
            var graph = found.Load(spec.Model);
            var atlas = new AtlasRuntime(spec, graph, torch, images, files, CacheOptions());
            _open[device] = (atlas, bytes);
            var machine = ThisMachine.With(device);
            await store.PutAsync(AtlasKeys.Machine(atlasId, machine), VizJson.Write(machine), cancellation);
            logger.AtlasOpened(atlasId, graph.Name, device.Name);
            return atlas;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Closes the device's atlas and frees its memory. The caller must have acquired the device.</summary>
    public void Close(ComputeDevice device)
    {
        if (_open.TryRemove(device, out var known))
            known.Atlas.Dispose();
    }

    /// <summary>Forgets the atlas of a broken device, whose memory cannot be freed, and closes its files.</summary>
    public void Forget(ComputeDevice device)
    {
        if (_open.TryRemove(device, out var known))
            known.Atlas.CloseFiles();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (atlas, _) in _open.Values)
            atlas.Dispose();
    }

    private CropCacheOptions? CacheOptions()
    {
        return options.Value.CacheFolder is { Length: 0 }
            ? null
            : new CropCacheOptions { Disk = options.Value.Disk(), Warn = logger.CacheUnusable };
    }
}
