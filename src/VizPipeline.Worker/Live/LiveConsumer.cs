using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.ActivationStore;
using VizPipeline.Hosting;
using VizPipeline.Images;
using VizPipeline.ImageStore;
using VizPipeline.Jobs;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Torch;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Live;

/// <summary>Answers live requests from users. Errors are part of the answer, because a user is waiting.</summary>
public sealed class LiveConsumer(
    LiveNetworks networks, ImageRoot roots, OpenImageSets sets, IObjectStore store, IOptions<WorkerOptions> options,
    ILogger<LiveConsumer> logger)
{
    // Shorter than the user's own timeout.
    private static readonly TimeSpan LookPatience = LiveLimits.Patience - TimeSpan.FromSeconds(5);

    /// <summary>Answers one request.</summary>
    public async Task<IBusMessage?> ReceiveAsync(BusDelivery delivery, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(LiveLimits.Patience);
        try
        {
            return await AnswerAsync(delivery.Message, patience.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new LiveRefused("this worker is too busy with other requests; try again", IsOutage: true);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            var isTheirs = failure is LiveRequestException or UnreadableImageException or GraphException;
            var isOurs = failure is ObjectStoreException or DiskBudgetException or DeviceUnavailableException or TorchUnavailableException;
            if (!isTheirs && !isOurs)
                logger.LiveFailed((delivery.Message as ILiveRequest)?.AtlasId ?? "none", failure);
            // The text of an unexpected failure may reveal details of this machine, so it goes to the log only.
            var reason = isTheirs || isOurs ? failure.Message.ReplaceLineEndings(" ") : "the worker failed; its log says why";
            return new LiveRefused(reason, IsOutage: !isTheirs);
        }
    }

    private async Task<IBusMessage> AnswerAsync(IBusMessage request, CancellationToken cancellation) => request switch
    {
        ShowFeatureMaps maps => await networks.RunAsync(maps, (network, crop, cost) => network.FeatureMaps(maps, crop, cost), cancellation),
        ShowDeconvolution neuron => await networks.RunAsync(
            neuron, (network, crop, cost) => network.Deconvolution(neuron, crop, cost), cancellation),
        ShowResponses picture => await networks.RunAsync(picture, (network, crop, cost) => network.Responses(crop, cost), cancellation),
        TraceNeuron neuron => await networks.RunAsync(
            neuron.AtlasId, neuron.Layer, (spec, preprocessing) => ReadImage(spec, preprocessing, neuron.Image),
            (network, crop, cost) => LiveStory.Trace(network, neuron, crop, cost), cancellation),
        GrowAscent neuron => await networks.RunAsync(
            neuron.AtlasId, neuron.Layer, (_, _) => [],
            (network, _, cost) => LiveStory.Grow(network, neuron, cost, cancellation), cancellation),
        RenderExemplar exemplar => await KeepAsync(exemplar, await networks.RunAsync(
            exemplar.AtlasId, exemplar.Layer, (spec, preprocessing) => ReadImage(spec, preprocessing, exemplar.Image),
            (network, crop, cost) => LiveStory.Render(network, exemplar, crop, cost), cancellation), cancellation),
        FindImages images => await FindAsync(images, cancellation),
        _ => new LiveRefused($"this worker's version does not know {request.GetType().Name}", IsOutage: true),
    };

    // Anybody may ask for any image, so only those of the top list are kept, which bounds the space.
    private async Task<IBusMessage> KeepAsync(RenderExemplar request, ExemplarRendered answer, CancellationToken cancellation)
    {
        try
        {
            var spec = VizJson.Read<AtlasSpec>(await store.GetAsync(AtlasKeys.Spec(request.AtlasId), cancellation));
            var channels = spec.Layers.First(layer => layer.Name == request.Layer).Channels;
            var list = await TopList.ReadAsync(
                store, request.AtlasId, request.Layer, TopList.Top, channels, request.Channel, cancellation);
            if (list?.Any(entry => entry.Image == request.Index) != true)
                return answer;
            await store.PutAsync(
                AtlasKeys.Exemplar(request.AtlasId, request.Layer, request.Channel, request.Index), VizJson.Write(answer.Exemplar),
                cancellation);
        }
        catch (Exception failure) when (failure is ObjectStoreException or CorruptTableException)
        {
            // The folder of a finished atlas may be read-only: then the next one who asks waits again.
            logger.ExemplarNotKept(request.AtlasId, failure.Message);
        }
        return answer;
    }

    private byte[] ReadImage(AtlasSpec spec, Preprocessing preprocessing, string path)
    {
        try
        {
            return preprocessing.CropOf(sets.Read(spec.Images.Root, path), path, LiveLimits.ImagePixels);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ImageSetException)
        {
            throw new LiveRequestException($"the worker cannot read image '{path}' of the set: {failure.Message.TrimEnd('.')}");
        }
    }

    private async Task<IBusMessage> FindAsync(FindImages request, CancellationToken cancellation)
    {
        // A hanging mount must not block the bus.
        var look = Task.Run(() => FindFault(request), CancellationToken.None);
        return await Task.WhenAny(look, Task.Delay(LookPatience, cancellation)) == look
            ? new ImagesFound(options.Value.Name, await look)
            : new LiveRefused($"{request.Root} does not answer within {LookPatience.TotalSeconds:0} s", IsOutage: true);
    }

    private string? FindFault(FindImages request)
    {
        var place = request.Root;
        try
        {
            using var files = roots.Open(request.Root);
            foreach (var image in request.Images)
            {
                place = $"'{image.Path}' in {request.Root}";
                var (isThere, bytes) = files.Find(image.Path);
                if (!isThere)
                    return $"{place}: there is no such file";
                if (bytes is { } length && image.Bytes > 0 && length != image.Bytes)
                    return $"{place} has {length:N0} bytes and not {image.Bytes:N0}: it is another file";
            }
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ImageSetException or ObjectStoreException)
        {
            return $"{place}: {failure.Message.ReplaceLineEndings(" ").TrimEnd('.')}";
        }
    }
}

/// <summary>A live request refers to something that does not exist. The message is shown to the requester.</summary>
public sealed class LiveRequestException(string message) : Exception(message);
