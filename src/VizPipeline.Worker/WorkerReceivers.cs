using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.Worker.Jobs;
using VizPipeline.Worker.Live;

namespace VizPipeline.Worker;

/// <summary>What a worker receives: the queues of <see cref="WorkerOptions.Kinds"/>.</summary>
internal sealed class WorkerReceivers(
    IServiceProvider services, IJobBus bus, DeviceGate gate, IOptions<WorkerOptions> options) : IBusReceivers
{
    // Per device: some pictures are decoded while one is computed. More would only wait here rather than at an idle worker.
    private const int LiveAtOnce = 3;

    public IReadOnlyList<BusReceiver> Receivers
    {
        get
        {
            var (served, devices) = (options.Value.KindNames().ToHashSet(), gate.Count);
            // One job per device at a time: the devices are the bottleneck, not the bus.
            var receivers = JobKinds.All.Where(kind => served.Contains(kind.Name))
                .Select(kind => new BusReceiver(kind.Queue, ReceiveJobAsync) { AtOnce = devices }).ToList();
            if (served.Contains(WorkerOptions.Live))
                receivers.Add(new BusReceiver(QueueNames.Live, ReceiveRequestAsync) { AtOnce = LiveAtOnce * devices });
            return receivers;
        }
    }

    // Consumers are looked up late: they need the object store, and the bus exists before the store is checked.
    private async Task<IBusMessage?> ReceiveJobAsync(BusDelivery delivery, CancellationToken cancellation)
    {
        JobConsumer jobs;
        try
        {
            jobs = services.GetRequiredService<JobConsumer>();
        }
        catch (ObjectDisposedException)
        {
            // A worker that is stopped while it starts disposes of its services before the first command arrives.
            var command = ((JobMessage)delivery.Message).ReadCommand();
            var returned = new JobReturned(command.AtlasId, command.JobId, command.Attempt, options.Value.Name, ReturnReason.Stopping);
            await bus.AnswerAsync(returned, CancellationToken.None);
            return null;
        }
        return await jobs.ReceiveAsync(delivery, cancellation);
    }

    private Task<IBusMessage?> ReceiveRequestAsync(BusDelivery delivery, CancellationToken cancellation)
        => services.GetRequiredService<LiveConsumer>().ReceiveAsync(delivery, cancellation);
}
