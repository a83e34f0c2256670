using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using VizPipeline.Jobs;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Worker;

/// <summary>Puts a worker into a host.</summary>
public static class WorkerExtensions
{
    /// <summary>Adds the job handlers and what they share. The host must also have an <c>IObjectStore</c> and a bus with <see cref="AddWorkerConsumers"/>.</summary>
    public static IHostApplicationBuilder AddWorker(this IHostApplicationBuilder builder, Action<WorkerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddOptions<WorkerOptions>()
            .BindConfiguration(nameof(WorkerOptions))
            .Configure(options => configure?.Invoke(options))
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<DeviceGate>();
        services.AddSingleton<AtlasRuntimes>();
        services.AddSingleton<IJobHandler<ScanShard>, ScanShardHandler>();
        services.AddSingleton<IJobHandler<MergeLayer>, MergeLayerHandler>();
        services.AddSingleton<IJobHandler<RenderPatches>, RenderPatchesHandler>();
        services.AddSingleton<IJobHandler<AscendNeurons>, AscendNeuronsHandler>();
        services.AddSingleton<IJobHandler<RenderFilters>, RenderFiltersHandler>();
        services.AddSingleton<IJobHandler<RenderSheet>, RenderSheetHandler>();
        return builder;
    }

    /// <summary>Adds a consumer, and so a queue, per job kind to the host's one bus, whatever its transport is.</summary>
    public static IBusRegistrationConfigurator AddWorkerConsumers(this IBusRegistrationConfigurator bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        Add<ScanShard>(bus);
        Add<MergeLayer>(bus);
        Add<RenderPatches>(bus);
        Add<AscendNeurons>(bus);
        Add<RenderFilters>(bus);
        Add<RenderSheet>(bus);
        return bus;
    }

    private static void Add<TCommand>(IBusRegistrationConfigurator bus)
        where TCommand : class, IJobCommand =>
        bus.AddConsumer<JobConsumer<TCommand>, JobConsumerDefinition<TCommand>>();
}

/// <summary>One queue per job kind, one job of it at a time: the device is the bottleneck, not the bus.</summary>
internal sealed class JobConsumerDefinition<TCommand> : ConsumerDefinition<JobConsumer<TCommand>>
    where TCommand : class, IJobCommand
{
    public JobConsumerDefinition()
    {
        EndpointName = "worker-" + KebabCaseEndpointNameFormatter.Instance.SanitizeName(typeof(TCommand).Name);
        ConcurrentMessageLimit = 1;
    }
}
