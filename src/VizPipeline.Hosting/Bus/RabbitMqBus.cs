using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Hosting;

/// <summary>The bus of a cluster: RabbitMQ with quorum queues and publisher confirms. The only place that names this transport.</summary>
/// <remarks>
/// Messages reach a queue of <see cref="QueueNames"/> through its <see cref="QueueNames.ExchangeOf"/>, and whoever publishes declares
/// both: a
/// command that is sent before the first worker starts waits for it. docs/cluster.md says which rights each role needs for that.
/// </remarks>
public static class RabbitMqBus
{
    private static int buses;

    /// <summary>Adds the bus with a service's consumers. Once per host, as MassTransit demands.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="addConsumers">Adds the consumers.</param>
    /// <param name="publishes">The queues that the service publishes to; at start it is checked that its account may.</param>
    /// <param name="stopSeconds">How long a stop waits for what is being consumed.</param>
    public static IHostApplicationBuilder AddRabbitMqBus(
        this IHostApplicationBuilder builder, Action<IBusRegistrationConfigurator> addConsumers, IReadOnlyList<string>? publishes = null,
        Func<IServiceProvider, int>? stopSeconds = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddValidatedOptions<RabbitMqOptions>(RabbitMqOptions.Section);
        builder.Services.AddSingleton<IStartupCheck>(
            services => new RabbitMqCheck(services.GetRequiredService<IOptions<RabbitMqOptions>>(), publishes ?? []));
        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            addConsumers(bus);
            bus.AddConfigureEndpointsCallback((_, name, endpoint) => ConfigureEndpoint(name, endpoint));
            bus.UsingRabbitMq((context, transport) =>
            {
                ConfigureHost(transport, context.GetRequiredService<IOptions<RabbitMqOptions>>().Value, builder.Environment.ApplicationName);
                ConfigureTopology(transport);
                // Where answers to this process's own requests arrive: below the names that accounts may use, and no two alike.
                transport.OverrideDefaultBusEndpointQueueName($"{QueueNames.Client}.{Environment.MachineName}-{Environment.ProcessId}-{Interlocked.Increment(ref buses)}");
                transport.ConfigureEndpoints(context);
            });
        });
        builder.Services.AddOptions<MassTransitHostOptions>().Configure<IServiceProvider>((options, services) =>
        {
            var seconds = stopSeconds?.Invoke(services) ?? 10;
            options.StopTimeout = TimeSpan.FromSeconds(seconds + 10);
            options.ConsumerStopTimeout = TimeSpan.FromSeconds(seconds);
        });
        // Reconnecting is told by our own checks; each attempt of its would be a stack trace.
        builder.Logging.AddFilter("MassTransit", LogLevel.Error);
        return builder;
    }

    /// <summary>
    /// Adds what a coordinator does for the broker: messages come back from the error queues, and lost queues are noticed.
    /// </summary>
    public static IHostApplicationBuilder AddBrokerCare(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<IBrokerMemory, RabbitMqMemory>();
        builder.Services.AddHostedService<ErrorQueues>();
        return builder;
    }

    private static void ConfigureHost(IRabbitMqBusFactoryConfigurator transport, RabbitMqOptions options, string connectionName)
    {
        transport.Host(options.Host, (ushort)options.EffectivePort, options.VirtualHost, connectionName, host =>
        {
            host.Username(options.User);
            host.Password(options.Password);
            host.PublisherConfirmation = true;
            host.Heartbeat(TimeSpan.FromSeconds(10));
            if (options.Tls)
                host.UseSsl(tls =>
                {
                    tls.ServerName = options.Host;
                    tls.CertificateValidationCallback = CertificateAuthority.Validator(options.CaFile);
                });
        });
        // A worker is told of one job at a time; who takes many says so.
        transport.PrefetchCount = 1;
    }

    private static void ConfigureEndpoint(string name, IReceiveEndpointConfigurator endpoint)
    {
        // The exchange is the queue's own, see the class's remarks; MassTransit's would be one per type of message.
        var isProgress = name.StartsWith(QueueNames.Progress, StringComparison.Ordinal);
        endpoint.ConfigureConsumeTopology = isProgress;
        if (endpoint is IRabbitMqReceiveEndpointConfigurator queue && !isProgress && name != QueueNames.Live)
            queue.SetQuorumQueue();
    }

    private static void ConfigureTopology(IRabbitMqBusFactoryConfigurator transport)
    {
        transport.Publish<IJobCommand>(topology => topology.Exclude = true);
        transport.Publish<Fault>(topology => topology.Exclude = true);
        Command<ScanShard>(transport);
        Command<GatherShards>(transport);
        Command<MergeLayer>(transport);
        Command<RenderPatches>(transport);
        Command<AscendNeurons>(transport);
        Command<RenderFilters>(transport);
        Command<RenderSheet>(transport);
        Message<JobStarted>(transport, QueueNames.Answers);
        Message<JobCompleted>(transport, QueueNames.Answers);
        Message<JobFailed>(transport, QueueNames.Answers);
        Message<JobReturned>(transport, QueueNames.Answers);
        Message<WorkerReported>(transport, QueueNames.Answers);
        // Each coordinator binds a queue of its own; where there is none, progress is shown to nobody.
        transport.Message<JobProgressed>(message => message.SetEntityName(QueueNames.Progress));
    }

    private static void Command<T>(IRabbitMqBusFactoryConfigurator transport)
        where T : class, IJobCommand
    {
        Message<T>(transport, QueueNames.Of(QueueNames.KindOf(typeof(T))));
        Message<Fault<T>>(transport, QueueNames.Answers);
    }

    private static void Message<T>(IRabbitMqBusFactoryConfigurator transport, string queue)
        where T : class
    {
        var exchange = QueueNames.ExchangeOf(queue);
        transport.Message<T>(message => message.SetEntityName(exchange));
        transport.Publish<T>(topology => topology.BindQueue(exchange, queue, binding => binding.SetQuorumQueue()));
    }
}
