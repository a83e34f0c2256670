using MassTransit;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Where the workers' answers arrive: one endpoint, one answer at a time, as the catalog has one writer anyway.</summary>
internal sealed class CoordinatorEndpoint<TConsumer> : ConsumerDefinition<TConsumer>
    where TConsumer : class, IConsumer
{
    private const int ReadAhead = 64;

    public CoordinatorEndpoint() => EndpointName = QueueNames.Answers;

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator,
        IConsumerConfigurator<TConsumer> consumerConfigurator,
        IRegistrationContext context)
    {
        // The endpoint's limit, not each consumer's: "started" must not overtake "completed".
        endpointConfigurator.ConcurrentMessageLimit = 1;
        endpointConfigurator.PrefetchCount = ReadAhead;
    }
}

/// <summary>Where progress within jobs arrives: a temporary endpoint of this process, as every coordinator shows it.</summary>
internal sealed class ProgressEndpoint : ConsumerDefinition<JobProgressedConsumer>
{
    public ProgressEndpoint() => EndpointName = $"{QueueNames.Progress}.{Environment.MachineName}-{Environment.ProcessId}";
}
