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
        var look = Task.Run(() => Fault(request), context.CancellationToken);
        var ended = await Task.WhenAny(look, Task.Delay(Patience, context.CancellationToken));
        var fault = ended == look ? await look : $"{request.Root} does not answer within {Patience.TotalSeconds:0} s";
        await context.RespondAsync(new ImagesFound(options.Value.Name, fault));
    }

    private string? Fault(FindImages request)
    {
        try
        {
            using var files = roots.Open(request.Root);
            foreach (var image in request.Images)
            {
                try
                {
                    var bytes = files.Use(image.Path, file => file.Length);
                    if (image.Bytes > 0 && bytes != image.Bytes)
                        return $"'{image.Path}' in {request.Root} has {bytes:N0} bytes and not {image.Bytes:N0}: it is another file";
                }
                catch (Exception failure) when (
                    failure is IOException or UnauthorizedAccessException or ImageSetException or ObjectStoreException)
                {
                    return $"'{image.Path}' in {request.Root}: {failure.Message.ReplaceLineEndings(" ").TrimEnd('.')}";
                }
            }
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ImageSetException or ObjectStoreException)
        {
            return failure.Message.ReplaceLineEndings(" ").TrimEnd('.');
        }
    }
}
