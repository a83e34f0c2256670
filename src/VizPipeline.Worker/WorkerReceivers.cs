using Microsoft.Extensions.Options;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.Worker.Jobs;
using VizPipeline.Worker.Live;

namespace VizPipeline.Worker;

/// <summary>The bus receivers of a worker: the queues of <see cref="WorkerOptions.Kinds"/>.</summary>
internal sealed class WorkerReceivers(JobConsumer jobs, LiveConsumer live, DeviceGate gate, IOptions<WorkerOptions> options) : IBusReceivers
{
    // Per device, so that pictures are decoded while another is computed. More requests would only wait here instead of at an idle worker.
    private const int LiveAtOnce = 3;

    public IReadOnlyList<BusReceiver> Receivers
    {
        get
        {
            var (served, devices) = (options.Value.KindNames().ToHashSet(), gate.Count);
            // One job per device at a time: the devices are the bottleneck, not the bus.
            var receivers = JobKinds.All.Where(kind => served.Contains(kind.Name))
                .Select(kind => new BusReceiver(kind.Queue, jobs.ReceiveAsync) { AtOnce = devices }).ToList();
            if (served.Contains(WorkerOptions.Live))
                receivers.Add(new BusReceiver(QueueNames.Live, live.ReceiveAsync) { AtOnce = LiveAtOnce * devices });
            return receivers;
        }
    }
}
