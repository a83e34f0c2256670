using MassTransit;

namespace VizPipeline.Coordinator;

/// <summary>Receives one kind of a worker's answers. Doing so may fail (a full disk, a busy file) without the job's fault.</summary>
internal abstract class JobAnswerConsumer<T>(AnswerDesk desk) : IConsumer<T>
    where T : class
{
    /// <summary>Where answers are taken.</summary>
    protected AnswerDesk Desk => desk;

    public async Task Consume(ConsumeContext<T> context)
    {
        using var trace = desk.Follow(context.Message);
        await desk.TakeAsync(() => ReceiveAsync(context.Message, context.CancellationToken), context.CancellationToken);
    }

    protected abstract Task ReceiveAsync(T answer, CancellationToken cancellation);
}
