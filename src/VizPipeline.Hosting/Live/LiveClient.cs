using MassTransit;
using VizPipeline.Jobs;

namespace VizPipeline.Hosting;

/// <summary>Asks the workers about a picture and waits for the answer.</summary>
public sealed class LiveClient
{
    private readonly IRequestClient<ShowFeatureMaps> _maps;
    private readonly IRequestClient<ShowDeconvolution> _deconvolutions;
    private readonly IRequestClient<ShowResponses> _responses;
    private readonly IRequestClient<FindImages> _images;

    /// <summary>A client of the host's one bus.</summary>
    public LiveClient(IBus bus)
    {
        // The exchange and not the queue: where no worker ever was, there is nobody to make one for.
        var workers = new Uri($"exchange:{QueueNames.Live}");
        (_maps, _deconvolutions, _responses, _images) = (
            bus.CreateRequestClient<ShowFeatureMaps>(workers, LiveLimits.Patience), bus.CreateRequestClient<ShowDeconvolution>(workers, LiveLimits.Patience),
            bus.CreateRequestClient<ShowResponses>(workers, LiveLimits.Patience),
            bus.CreateRequestClient<FindImages>(workers, LiveLimits.Patience));
    }

    /// <summary>All feature maps of a layer on a picture.</summary>
    /// <exception cref="LiveRefusedException">It cannot be done, or no worker answers.</exception>
    public Task<FeatureMapsShown> AskAsync(ShowFeatureMaps request, CancellationToken cancellation = default) => AskAsync<ShowFeatureMaps, FeatureMapsShown>(_maps, request, cancellation);

    /// <summary>Which pixels made a neuron answer.</summary>
    /// <exception cref="LiveRefusedException">It cannot be done, or no worker answers.</exception>
    public Task<DeconvolutionShown> AskAsync(ShowDeconvolution request, CancellationToken cancellation = default)
        => AskAsync<ShowDeconvolution, DeconvolutionShown>(_deconvolutions, request, cancellation);

    /// <summary>How strongly every neuron answers.</summary>
    /// <exception cref="LiveRefusedException">It cannot be done, or no worker answers.</exception>
    public Task<ResponsesShown> AskAsync(ShowResponses request, CancellationToken cancellation = default) => AskAsync<ShowResponses, ResponsesShown>(_responses, request, cancellation);

    /// <summary>Whether a worker finds images.</summary>
    /// <exception cref="LiveRefusedException">No worker answers.</exception>
    public Task<ImagesFound> AskAsync(FindImages request, CancellationToken cancellation = default)
        => AskAsync<FindImages, ImagesFound>(_images, request, cancellation);

    private static async Task<TAnswer> AskAsync<TRequest, TAnswer>(IRequestClient<TRequest> client, TRequest request, CancellationToken cancellation)
        where TRequest : class
        where TAnswer : class
    {
        if (request is ILiveRequest { Image.Length: > LiveLimits.ImageBytes } large)
            throw new LiveRefusedException($"the picture has {large.Image.Length:N0} bytes; at most {LiveLimits.ImageBytes:N0} are taken");
        try
        {
            var answer = await client.GetResponse<TAnswer, LiveRefused>(request, cancellation);
            if (answer.Is(out Response<LiveRefused>? refused))
                throw new LiveRefusedException(refused.Message.Reason, refused.Message.IsOutage);
            return answer.Is(out Response<TAnswer>? shown) ? shown.Message : throw new LiveRefusedException("a worker gave an answer that this version does not know");
        }
        catch (RequestTimeoutException)
        {
            throw new LiveRefusedException(
                $"no worker answered within {LiveLimits.Patience.TotalSeconds:0} s: start one that serves 'live' (all do, unless Worker__Kinds leaves it out)", isOutage: true);
        }
        catch (RequestFaultException fault)
        {
            throw new LiveRefusedException(fault.Fault?.Exceptions?.FirstOrDefault()?.Message ?? "the worker failed", isOutage: true);
        }
    }
}

/// <summary>A live request was not answered. The message is for whoever asked.</summary>
public sealed class LiveRefusedException(string message, bool isOutage = false) : Exception(message)
{
    /// <summary>Whether the workers are the reason, and not the request.</summary>
    public bool IsOutage { get; } = isOutage;
}
