using MassTransit;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Where the workers' answers arrive: one endpoint, whose messages meet at the <see cref="AnswerDesk"/>.</summary>
internal sealed class CoordinatorEndpoint<TConsumer> : ConsumerDefinition<TConsumer>
    where TConsumer : class, IConsumer
{
    private const int ReadAhead = 2 * AnswerDesk.LargestBatch;

    public CoordinatorEndpoint() => EndpointName = QueueNames.Answers;

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator,
        IConsumerConfigurator<TConsumer> consumerConfigurator,
        IRegistrationContext context)
    {
        // The endpoint's limit, not each consumer's: a batch is of all kinds of answers in the order of their arrival.
        endpointConfigurator.ConcurrentMessageLimit = AnswerDesk.LargestBatch;
        endpointConfigurator.PrefetchCount = ReadAhead;
    }
}

/// <summary>Where progress within jobs arrives: a temporary endpoint of this process, as every coordinator shows it.</summary>
internal sealed class ProgressEndpoint : ConsumerDefinition<JobProgressedConsumer>
{
    public ProgressEndpoint() => EndpointName = $"{QueueNames.Progress}.{Environment.MachineName}-{Environment.ProcessId}";
}
