using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Worker.Jobs;
using VizPipeline.Worker.Live;

namespace VizPipeline.Worker;

/// <summary>Puts a worker into a host.</summary>
public static class WorkerExtensions
{
    /// <summary>Adds the job handlers and what they share. The host must also have an <c>IObjectStore</c> and a bus with <see cref="AddWorkerConsumers"/>.</summary>
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
        services.AddSingleton<IJobHandler<ScanShard>, ScanShardHandler>();
        services.AddSingleton<IJobHandler<GatherShards>, GatherShardsHandler>();
        services.AddSingleton<IJobHandler<MergeLayer>, MergeLayerHandler>();
        services.AddSingleton<IJobHandler<RenderPatches>, RenderPatchesHandler>();
        services.AddSingleton<IJobHandler<AscendNeurons>, AscendNeuronsHandler>();
        services.AddSingleton<IJobHandler<RenderFilters>, RenderFiltersHandler>();
        services.AddSingleton<IJobHandler<RenderSheet>, RenderSheetHandler>();
        return builder;
    }

    /// <summary>Adds a consumer, and so a queue, per job kind to the host's one bus, whatever its transport is.</summary>
    /// <param name="bus">The bus.</param>
    /// <param name="kinds">Names of the queues to serve; null for all.</param>
    public static IBusRegistrationConfigurator AddWorkerConsumers(this IBusRegistrationConfigurator bus, IEnumerable<string>? kinds = null)
    {
        ArgumentNullException.ThrowIfNull(bus);
        var served = kinds?.ToHashSet();
        Add<ScanShard>(bus, served);
        Add<GatherShards>(bus, served);
        Add<MergeLayer>(bus, served);
        Add<RenderPatches>(bus, served);
        Add<AscendNeurons>(bus, served);
        Add<RenderFilters>(bus, served);
        Add<RenderSheet>(bus, served);
        if (served?.Contains(WorkerOptions.Live) == false)
            return bus;
        bus.AddConsumer<FeatureMapsConsumer, LiveConsumerDefinition<FeatureMapsConsumer>>();
        bus.AddConsumer<DeconvolutionConsumer, LiveConsumerDefinition<DeconvolutionConsumer>>();
        bus.AddConsumer<ResponsesConsumer, LiveConsumerDefinition<ResponsesConsumer>>();
        bus.AddConsumer<FindImagesConsumer, LiveConsumerDefinition<FindImagesConsumer>>();
        return bus;
    }

    /// <summary>Lets the worker tell the coordinators of itself.</summary>
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

    // The server of the object store, whether or not results go there too.
    private static ImageRoot ImageRoots(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<WorkerOptions>>().Value;
        return new ImageRoot(services.GetRequiredService<IConfiguration>().ImageServer(), new ArchiveCache(options.Disk()));
    }

    private static void Add<TCommand>(IBusRegistrationConfigurator bus, HashSet<string>? served)
        where TCommand : class, IJobCommand
    {
        if (served?.Contains(QueueNames.Name(QueueNames.KindOf(typeof(TCommand)))) != false)
            bus.AddConsumer<JobConsumer<TCommand>, JobConsumerDefinition<TCommand>>();
    }
}

/// <summary>One queue per job kind, and of it one job per device at a time: the devices are the bottleneck, not the bus.</summary>
internal sealed class JobConsumerDefinition<TCommand> : ConsumerDefinition<JobConsumer<TCommand>>
    where TCommand : class, IJobCommand
{
    public JobConsumerDefinition() => EndpointName = QueueNames.Of(QueueNames.KindOf(typeof(TCommand)));

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<JobConsumer<TCommand>> consumerConfigurator,
        IRegistrationContext context)
    {
        var devices = context.GetRequiredService<DeviceGate>().Count;
        endpointConfigurator.ConcurrentMessageLimit = devices;
        endpointConfigurator.PrefetchCount = devices;
    }
}
