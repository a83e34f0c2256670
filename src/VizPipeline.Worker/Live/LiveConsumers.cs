using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Torch;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Live;

/// <summary>Answers one kind of live request. Whatever is wrong with it is the answer: a person waits.</summary>
public abstract class LiveConsumer<TRequest, TAnswer>(ILogger logger) : IConsumer<TRequest>
    where TRequest : class, ILiveRequest
    where TAnswer : class
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<TRequest> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        patience.CancelAfter(LiveLimits.Patience);
        try
        {
            await context.RespondAsync(await Answer(context.Message, patience.Token));
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            await context.RespondAsync(new LiveRefused("this worker is too busy with other requests; try again", IsOutage: true));
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            var isTheirs = failure is LiveRequestException or UnreadableImageException or GraphException;
            var isOurs = failure is ObjectStoreException or DiskBudgetException or DeviceUnavailableException or TorchUnavailableException;
            if (!isTheirs && !isOurs)
                logger.LiveFailed(context.Message.AtlasId, failure);
            // What nobody foresaw may tell of this machine, and is for its log.
            var reason = isTheirs || isOurs ? failure.Message.ReplaceLineEndings(" ") : "the worker failed at it; its log says why";
            await context.RespondAsync(new LiveRefused(reason, IsOutage: !isTheirs));
        }
    }

    /// <summary>Does what is asked for.</summary>
    protected abstract Task<TAnswer> Answer(TRequest request, CancellationToken cancellation);
}

/// <summary>Answers <see cref="ShowFeatureMaps"/>.</summary>
public sealed class FeatureMapsConsumer(LiveNetworks networks, ILogger<FeatureMapsConsumer> logger) : LiveConsumer<ShowFeatureMaps, FeatureMapsShown>(logger)
{
    /// <inheritdoc/>
    protected override Task<FeatureMapsShown> Answer(ShowFeatureMaps request, CancellationToken cancellation)
        => networks.Run(request, (network, crop, cost) => network.FeatureMaps(request, crop, cost), cancellation);
}

/// <summary>Answers <see cref="ShowDeconvolution"/>.</summary>
public sealed class DeconvolutionConsumer(LiveNetworks networks, ILogger<DeconvolutionConsumer> logger) : LiveConsumer<ShowDeconvolution, DeconvolutionShown>(logger)
{
    /// <inheritdoc/>
    protected override Task<DeconvolutionShown> Answer(ShowDeconvolution request, CancellationToken cancellation)
        => networks.Run(request, (network, crop, cost) => network.Deconvolution(request, crop, cost), cancellation);
}

/// <summary>Answers <see cref="ShowResponses"/>.</summary>
public sealed class ResponsesConsumer(LiveNetworks networks, ILogger<ResponsesConsumer> logger) : LiveConsumer<ShowResponses, ResponsesShown>(logger)
{
    /// <inheritdoc/>
    protected override Task<ResponsesShown> Answer(ShowResponses request, CancellationToken cancellation)
        => networks.Run(request, (network, crop, cost) => network.Responses(crop, cost), cancellation);
}

/// <summary>One queue for all that people wait for.</summary>
internal sealed class LiveConsumerDefinition<TConsumer> : ConsumerDefinition<TConsumer>
    where TConsumer : class, IConsumer
{
    // Of each device: some are decoded while one is computed; more would only wait here rather than at an idle worker.
    private const int AtOnce = 3;

    public LiveConsumerDefinition() => EndpointName = QueueNames.Live;

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<TConsumer> consumerConfigurator, IRegistrationContext context)
    {
        var atOnce = AtOnce * context.GetRequiredService<DeviceGate>().Count;
        endpointConfigurator.ConcurrentMessageLimit = atOnce;
        endpointConfigurator.PrefetchCount = atOnce;
    }
}

/// <summary>A live request asks for what there is not. The message is for whoever asked.</summary>
public sealed class LiveRequestException(string message) : Exception(message);
