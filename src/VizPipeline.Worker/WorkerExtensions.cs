using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using VizPipeline.Hosting;
using VizPipeline.ImageStore;
using VizPipeline.ObjectStore;
using VizPipeline.Worker.Jobs;
using VizPipeline.Worker.Live;

namespace VizPipeline.Worker;

/// <summary>Extension methods that add a worker to a host.</summary>
public static class WorkerExtensions
{
    /// <summary>Adds the job handlers and their shared services. The host must also have an <c>IObjectStore</c> and a bus.</summary>
    public static IHostApplicationBuilder AddWorker(this IHostApplicationBuilder builder, Action<WorkerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddValidatedOptions(WorkerOptions.Section, configure);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<DeviceGate>();
        services.AddMetrics();
        services.AddSingleton<WorkerMetrics>();
        services.AddSingleton<ModelFiles>();
        services.AddSingleton(ImageRoots);
        services.AddSingleton<AtlasRuntimes>();
        services.AddSingleton<LiveNetworks>();
        foreach (var handler in typeof(IJobHandler).Assembly.GetTypes().Where(
            type => type.IsClass && type.IsAssignableTo(typeof(IJobHandler))))
            services.AddSingleton(typeof(IJobHandler), provider => ActivatorUtilities.CreateInstance(
                provider, handler, (IObjectStore)provider.GetRequiredService<FencedStore>()));
        services.AddSingleton<FencedStore>();
        services.AddSingleton<JobConsumer>();
        services.AddSingleton<OpenImageSets>();
        services.AddSingleton<LiveConsumer>();
        services.AddSingleton<IBusReceivers, WorkerReceivers>();
        return builder;
    }

    /// <summary>Adds periodic reports of the worker's state to the coordinators.</summary>
    public static IHostApplicationBuilder AddWorkerReports(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<ReportHealth>();
        builder.Services.AddHealthChecks().AddCheck<ReportHealth>("reports");
        builder.Services.AddHostedService<WorkerReporter>();
        builder.Services.AddHostedService<WorkerEnd>();
        builder.Services.AddHealthChecks().AddCheck<DeviceHealth>("devices");
        return builder;
    }

    // The image server is the object store's, even if results go elsewhere.
    private static ImageRoot ImageRoots(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<WorkerOptions>>().Value;
        return new ImageRoot(services.GetRequiredService<IConfiguration>().ImageServer(), new ArchiveCache(options.Disk()));
    }
}
