using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Options;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Live;

/// <summary>
/// Networks for live requests, separate from those of the jobs. Each device has its own torch thread for them, so batch work continues
/// concurrently.
/// </summary>
public sealed class LiveNetworks(IObjectStore store, ModelFiles models, DeviceGate gate, IOptions<WorkerOptions> options) : IDisposable
{
    // Each open network holds another copy of its weights.
    private const int MostOpen = 2;
    private readonly ConcurrentDictionary<ComputeDevice, List<LiveNetwork>> _open = new();

    /// <summary>
    /// Decodes the picture of a request and processes it with the atlas's network on the least busy device. Each device processes one
    /// request at a time.
    /// </summary>
    /// <exception cref="LiveRequestException">The atlas or the layer does not exist, or the picture is too large.</exception>
    /// <exception cref="UnreadableImageException">The data is not a readable picture.</exception>
    public Task<T> RunAsync<T>(ILiveRequest request, Func<LiveNetwork, byte[], LiveCost, T> work, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Image.Length > LiveLimits.ImageBytes)
            throw new LiveRequestException(
                $"the picture has {request.Image.Length:N0} bytes; at most {LiveLimits.ImageBytes:N0} are accepted");
        return RunAsync(request.AtlasId, request.Layer, (_, preprocessing) => preprocessing.CropOf(
            request.Image, "the picture", LiveLimits.ImagePixels), work, cancellation);
    }

    /// <summary>Processes a crop from anywhere with an atlas's network on the least busy device.</summary>
    /// <param name="atlasId">The atlas.</param>
    /// <param name="layer">The name of the layer that the request is about; null for all layers.</param>
    /// <param name="crop">Returns the crop, given the spec and its preprocessing; empty if the work needs none.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancellation">Stops the waiting for a device.</param>
    /// <exception cref="LiveRequestException">The atlas or the layer does not exist.</exception>
    public async Task<T> RunAsync<T>(
        string atlasId, string? layer, Func<AtlasSpec, Preprocessing, byte[]> crop, Func<LiveNetwork, byte[], LiveCost, T> work,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(crop);
        if (!AtlasSpec.IsId(atlasId))
            throw new LiveRequestException($"'{atlasId}' is no name of an atlas");
        var bytes = await store.TryGetAsync(AtlasKeys.Spec(atlasId), cancellation) ?? throw new LiveRequestException(
            $"there is no atlas '{atlasId}'");
        // A server of several folders may serve the atlas under another id than it was built with.
        var spec = VizJson.Read<AtlasSpec>(bytes) with { Id = atlasId };
        if (layer is not null && spec.Layers.All(known => known.Name != layer))
            throw new LiveRequestException(
                $"atlas '{spec.Id}' has no layer '{layer}'; it has {string.Join(", ", spec.Layers.Select(known => known.Name))}");

        var clock = Stopwatch.StartNew();
        var (height, width) = (spec.Model.Input[1], spec.Model.Input[2]);
        var preprocessing = Preprocessing.Parse(spec.Preprocessing.GetRawText(), "the atlas's spec", height, width, spec.Model.Input[0]);
        var pixels = crop(spec, preprocessing);
        var decode = clock.Elapsed.TotalMilliseconds;
        var failed = new List<ComputeDevice>();
        while (true)
        {
            using var turn = await gate.EnterLiveAsync(failed, cancellation);
            try
            {
                var answer = await turn.Device.Live.Run(async () =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    var network = await OpenAsync(turn.Device, spec, bytes, preprocessing, cancellation);
                    var wait = clock.Elapsed.TotalMilliseconds - decode;
                    return work(network, pixels, new LiveCost(options.Value.Name, decode, wait, Stopwatch.GetTimestamp()));
                }, cancellation);
                gate.Succeeded(turn.Device);
                return answer;
            }
            catch (Exception failure) when (
                gate.Note(turn.Device, failure, isLive: true).Kind != DeviceFaultKind.None && failed.Count + 1 < gate.Devices.Count)
            {
                // A user is waiting, and another device may succeed.
                failed.Add(turn.Device);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var network in _open.Values.SelectMany(networks => networks))
            network.Dispose();
    }

    // Runs only on the device's live thread, but another request may enter while one awaits a file.
    private async Task<LiveNetwork> OpenAsync(
        ComputeDevice device, AtlasSpec spec, byte[] bytes, Preprocessing preprocessing, CancellationToken cancellation)
    {
        var open = _open.GetOrAdd(device, _ => []);
        if (Find() is { } known)
            return known;
        using var files = await models.FindAsync(spec, cancellation);
        if (Find() is { } meanwhile)
            return meanwhile;
        var network = new LiveNetwork(spec, bytes, files.Load(spec.Model), device.For(spec.Device), preprocessing);
        open.Add(network);
        if (open.Count > MostOpen)
        {
            open[0].Dispose();
            open.RemoveAt(0);
        }
        return network;

        LiveNetwork? Find()
        {
            var found = open.Find(network => network.SpecBytes.AsSpan().SequenceEqual(bytes));
            if (found is not null)
            {
                open.Remove(found);
                open.Add(found);
            }
            return found;
        }
    }
}
