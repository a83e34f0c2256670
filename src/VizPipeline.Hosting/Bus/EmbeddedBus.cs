using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace VizPipeline.Hosting;

/// <summary>The bus of a process that hosts all roles. The only place that names the in-memory transport.</summary>
public static class EmbeddedBus
{
    /// <summary>Adds the bus with the consumers of all roles. Once per host, as MassTransit demands.</summary>
    public static IHostApplicationBuilder AddEmbeddedBus(this IHostApplicationBuilder builder, Action<IBusRegistrationConfigurator> addConsumers)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddMassTransit(bus =>
        {
            // It would report to the maintainers' server; a pipeline on private images reports to nobody.
            bus.DisableUsageTelemetry();
            addConsumers(bus);
            bus.UsingInMemory((context, transport) => transport.ConfigureEndpoints(context));
        });
        builder.Services.Configure<MassTransitHostOptions>(options =>
        {
            // Ctrl-C: running jobs hear of it at once and have some seconds to end; what they lose is done again.
            options.ConsumerStopTimeout = TimeSpan.FromMilliseconds(100);
            options.StopTimeout = TimeSpan.FromSeconds(10);
        });
        builder.Logging.AddFilter("MassTransit", LogLevel.Warning);
        return builder;
    }
}
