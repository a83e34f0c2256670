using MassTransit;
using Microsoft.Extensions.Options;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Live;

/// <summary>Answers <see cref="FindImages"/>.</summary>
public sealed class FindImagesConsumer(ImageRoot roots, IOptions<WorkerOptions> options) : IConsumer<FindImages>
{
    // Less than whoever asks waits.
    private static readonly TimeSpan Patience = LiveLimits.Patience - TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<FindImages> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var request = context.Message;
        // A mount that hangs must not hang the bus.
        var look = Task.Run(() => Fault(request), CancellationToken.None);
        if (await Task.WhenAny(look, Task.Delay(Patience, context.CancellationToken)) == look)
            await context.RespondAsync(new ImagesFound(options.Value.Name, await look));
        else
            await context.RespondAsync(new LiveRefused($"{request.Root} does not answer within {Patience.TotalSeconds:0} s", IsOutage: true));
    }

    private string? Fault(FindImages request)
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
