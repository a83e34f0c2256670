using Microsoft.Extensions.DependencyInjection;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>What a coordinator receives: answers, which any coordinator takes, and progress, which all of them show.</summary>
internal sealed class CoordinatorReceivers(IServiceProvider services) : IBusReceivers
{
    // Broker and transaction work in batches of all kinds of answers, in the order of their arrival.
    private const int ReadAhead = 2 * AnswerDesk.LargestBatch;

    public IReadOnlyList<BusReceiver> Receivers =>
    [
        new(QueueNames.Answers, (delivery, stop) => Consumer.ReceiveAsync(delivery, stop))
        {
            AtOnce = AnswerDesk.LargestBatch,
            ReadAhead = ReadAhead,
        },
        new(QueueNames.Progress, (delivery, stop) => Consumer.ShowProgressAsync(delivery, stop)) { IsBroadcast = true },
    ];

    // Looked up late: it needs the object store, and the bus exists before the store is checked.
    private AnswerConsumer Consumer => services.GetRequiredService<AnswerConsumer>();
}
