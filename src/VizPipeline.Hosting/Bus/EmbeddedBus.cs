using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace VizPipeline.Hosting;

/// <summary>The in-memory bus of a process that hosts all roles. Nothing else refers to MassTransit's in-memory transport.</summary>
public static class EmbeddedBus
{
    /// <summary>Adds the bus. It receives for all <see cref="IBusReceivers"/> of the host.</summary>
    public static IHostApplicationBuilder AddEmbeddedBus(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddJobBus(services => new MassTransitTransport(services, queue => new Uri($"queue:{queue}")));
        builder.Services.AddMassTransit(bus =>
        {
            // MassTransit would send usage data to its maintainers; a pipeline for private images must not.
            bus.DisableUsageTelemetry();
            bus.UsingInMemory((context, transport) =>
            {
                foreach (var receiver in MassTransitTransport.FindReceivers(context))
                    transport.ReceiveEndpoint(receiver.Queue, endpoint => MassTransitTransport.Configure(endpoint, receiver));
            });
        });
        builder.Services.Configure<MassTransitHostOptions>(options =>
        {
            // Running jobs are cancelled at Ctrl-C and have a few seconds to end. Lost work is done again.
            options.ConsumerStopTimeout = TimeSpan.FromMilliseconds(100);
            options.StopTimeout = TimeSpan.FromSeconds(10);
        });
        builder.Services.AddOptions<LoggerFilterOptions>().Configure<IServiceProvider>((options, services) => options.Rules.Add(
            new LoggerFilterRule(null, "MassTransit", LogLevel.Warning, (_, _, _) => !IsStopping(services))));
        return builder;
    }

    // What cannot be delivered while the process ends is lost on purpose and done again later, so it is not reported as a fault.
    private static bool IsStopping(IServiceProvider services)
    {
        try
        {
            return services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }
}
