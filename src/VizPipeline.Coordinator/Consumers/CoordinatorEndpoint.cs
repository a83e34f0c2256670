using MassTransit;

namespace VizPipeline.Coordinator;

/// <summary>Where the workers' answers arrive: one endpoint, one answer at a time, as the catalog has one writer anyway.</summary>
internal sealed class CoordinatorEndpoint<TConsumer> : ConsumerDefinition<TConsumer>
    where TConsumer : class, IConsumer
{
    public CoordinatorEndpoint() => EndpointName = CoordinatorEndpoint.Name;

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator,
        IConsumerConfigurator<TConsumer> consumerConfigurator,
        IRegistrationContext context)
    {
        // The endpoint's limit, not each consumer's: "started" must not overtake "completed".
        endpointConfigurator.ConcurrentMessageLimit = 1;
        consumerConfigurator.UseMessageRetry(retry => retry.Intervals(100, 1000, 5000));
    }
}

/// <summary>The endpoint's facts.</summary>
internal static class CoordinatorEndpoint
{
    public const string Name = "viz-coordinator";

    /// <summary>How often an answer is received again after a failure: the number of intervals above.</summary>
    public const int Retries = 3;
}
