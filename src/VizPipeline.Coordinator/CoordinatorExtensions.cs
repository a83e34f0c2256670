using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>Extension methods that add the coordinator to a host.</summary>
public static class CoordinatorExtensions
{
    /// <summary>
    /// Adds the planner, the dispatcher and the monitor. The host must also have a <c>CatalogDatabase</c>, an <c>IObjectStore</c> and a
    /// bus.
    /// </summary>
    public static IHostApplicationBuilder AddCoordinator(this IHostApplicationBuilder builder, Action<CoordinatorOptions>? configure = null)
    {
        var services = builder.Services;
        services.AddValidatedOptions(CoordinatorOptions.Section, configure);
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<CoordinatorMetrics>();
        services.AddSingleton<CoordinatorSession>();
        services.AddSingleton<DispatchSignal>();
        services.AddSingleton<JobLedger>();
        services.AddSingleton<LostJobs>();
        services.AddSingleton<AtlasMonitor>();
        services.TryAddSingleton<ServiceTroubles>();
        services.AddSingleton<AnswerDesk>();
        services.AddSingleton<AnswerConsumer>();
        services.AddSingleton<IBusReceivers, CoordinatorReceivers>();
        // Constructed explicitly, because the constructor takes internal types.
        services.AddSingleton(provider => new AtlasPlanner(
            provider.GetRequiredService<CatalogDatabase>(),
            provider.GetRequiredService<IObjectStore>(),
            provider.GetRequiredService<CoordinatorSession>(),
            provider.GetRequiredService<JobLedger>(),
            provider.GetRequiredService<DispatchSignal>(),
            provider.GetRequiredService<AtlasMonitor>(),
            provider.GetRequiredService<IOptions<CoordinatorOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<AtlasPlanner>>()));
        services.AddHostedService<JobDispatcher>();
        return builder;
    }

    /// <summary>Adds what <see cref="CoordinatorApi"/> needs in addition to the coordinator.</summary>
    public static IHostApplicationBuilder AddCoordinatorApi(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<SubmittedImages>();
        builder.Services.AddSingleton<AtlasTransfer>();
        return builder;
    }

    /// <summary>
    /// Adds the background writing of manifests, for hosts where no command waits for the end of an atlas and writes its manifest.
    /// </summary>
    public static IHostApplicationBuilder AddManifests(this IHostApplicationBuilder builder)
    {
        builder.Services.AddHostedService<ManifestKeeper>();
        return builder;
    }

    /// <summary>Adds the gauges of jobs, workers and progress and the health check of workers, for a monitored service.</summary>
    public static IHostApplicationBuilder AddCoordinatorGauges(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<CatalogGauges>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CatalogGauges>());
        builder.Services.AddHealthChecks().AddCheck<WorkersCheck>("workers");
        return builder;
    }
}
