using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Hosting;

/// <summary>
/// The bus of a cluster: RabbitMQ with quorum queues and publisher confirms. The only place that names MassTransit's RabbitMQ transport.
/// </summary>
/// <remarks>
/// Messages reach a queue through its <see cref="QueueNames.ExchangeOf"/>. Services declare the exchanges and queues that they send to
/// (<see cref="RabbitMqTopology"/>), so a command that is sent before the first worker starts waits in its queue.
/// </remarks>
public static class RabbitMqBus
{
    private static int _buses;

    /// <summary>Adds the bus. It receives for all <see cref="IBusReceivers"/> of the host.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="sendsTo">The queues that the service sends to; they are declared when it starts.</param>
    /// <param name="stopSeconds">How long a stop waits for messages that are being handled.</param>
    public static IHostApplicationBuilder AddRabbitMqBus(
        this IHostApplicationBuilder builder, IReadOnlyList<string>? sendsTo = null, Func<IServiceProvider, int>? stopSeconds = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddValidatedOptions<RabbitMqOptions>(RabbitMqOptions.Section);
        builder.Services.AddSingleton(
            services => new RabbitMqTopology(services.GetRequiredService<IOptions<RabbitMqOptions>>(), sendsTo ?? []));
        builder.Services.AddSingleton<IStartupStep, TopologyDeclaration>();
        builder.Services.AddJobBus(services => new Transport(services, services.GetRequiredService<RabbitMqTopology>()));
        var name = builder.Environment.ApplicationName;
        // Before the bus that receives: services stop in reverse order, and receivers that finish still send.
        builder.Services.AddSingleton(services => new SendBus(
            () => Bus.Factory.CreateUsingRabbitMq(transport => ConfigureHost(services, transport, $"{name} (sending)")), services));
        builder.Services.AddHostedService(services => services.GetRequiredService<SendBus>());
        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.UsingRabbitMq((context, transport) =>
            {
                var process = ConfigureHost(context, transport, name);
                foreach (var receiver in MassTransitTransport.FindReceivers(context))
                    transport.ReceiveEndpoint(
                        receiver.IsBroadcast ? $"{receiver.Queue}.{process}" : receiver.Queue, endpoint => Configure(endpoint, receiver));
            });
        });
        builder.Services.AddOptions<MassTransitHostOptions>().Configure<IServiceProvider>((options, services) =>
        {
            var seconds = stopSeconds?.Invoke(services) ?? 10;
            options.StopTimeout = TimeSpan.FromSeconds(seconds + 10);
            options.ConsumerStopTimeout = TimeSpan.FromSeconds(seconds);
        });
        // Our own checks report a lost connection; MassTransit would log a stack trace for each attempt.
        builder.Logging.AddFilter("MassTransit", LogLevel.Error);
        return builder;
    }

    /// <summary>Adds what a coordinator does for the broker: it returns messages from error queues and notices lost queues.</summary>
    public static IHostApplicationBuilder AddBrokerCare(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<IBrokerMemory, RabbitMqMemory>();
        builder.Services.AddHostedService<ErrorQueues>();
        return builder;
    }

    private static Uri AddressOf(string queue) => new($"exchange:{QueueNames.ExchangeOf(queue)}");

    /// <summary>Configures the connection of a bus, and returns a name that is its own.</summary>
    private static string ConfigureHost(IServiceProvider services, IRabbitMqBusFactoryConfigurator transport, string connectionName)
    {
        var options = services.GetRequiredService<IOptions<RabbitMqOptions>>().Value;
        var process = $"{Environment.MachineName}-{Environment.ProcessId}-{Interlocked.Increment(ref _buses)}";
        // Where answers to this process's own requests arrive; below a prefix that all accounts may use.
        transport.OverrideDefaultBusEndpointQueueName($"{QueueNames.Client}.{process}");
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
        return process;
    }

    private static void Configure(IRabbitMqReceiveEndpointConfigurator endpoint, BusReceiver receiver)
    {
        endpoint.Bind(QueueNames.ExchangeOf(receiver.Queue), exchange => exchange.ExchangeType = ExchangeType.Fanout);
        if (receiver.IsBroadcast)
            endpoint.AutoDelete = true;
        else if (receiver.Queue != QueueNames.Live)
            endpoint.SetQuorumQueue();
        MassTransitTransport.Configure(endpoint, receiver);
    }

    private sealed class Transport(IServiceProvider services, RabbitMqTopology topology) : MassTransitTransport(services, AddressOf)
    {
        protected override IBusControl Bus => Services.GetRequiredService<SendBus>().Bus;

        public override async Task WaitUntilReadyAsync(CancellationToken cancellation)
        {
            await Receiving.WaitForHealthStatus(BusHealthStatus.Healthy, cancellation);
            await base.WaitUntilReadyAsync(cancellation);
        }

        public override async Task SendAsync(string queue, BusMessage message, CancellationToken cancellation)
        {
            try
            {
                await base.SendAsync(queue, message, cancellation);
            }
            catch (MessageReturnedException)
            {
                // The broker has lost the queue.
                await topology.DeclareAsync(cancellation);
                await base.SendAsync(queue, message, cancellation);
            }
        }

        // Without it the broker drops messages for which there is no queue.
        protected override void Prepare(SendContext<BusMessage> context)
        {
            if (context.TryGetPayload(out RabbitMqSendContext? send))
                send.Mandatory = true;
        }
    }
}
