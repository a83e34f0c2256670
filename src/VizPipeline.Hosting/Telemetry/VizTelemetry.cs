using System.Diagnostics;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace VizPipeline.Hosting;

/// <summary>Metrics and traces of the services: Prometheus at <c>/metrics</c>, OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names a collector.</summary>
public static class VizTelemetry
{
    /// <summary>Name of our meter and of our traces' source.</summary>
    public const string Name = "VizPipeline";

    /// <summary>Seconds of a job, fine where jobs should be and coarse beyond.</summary>
    public static readonly double[] JobSeconds = [0.1, 0.5, 1, 5, 10, 20, 30, 60, 90, 120, 180, 300, 600, 1800];

    /// <summary>Our traces: one span per job, from the dispatch to the ingest.</summary>
    public static ActivitySource Traces { get; } = new(Name);

    /// <summary>The software's version, e.g. <c>0.2.0</c>.</summary>
    public static string Version { get; } = typeof(VizTelemetry).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <summary>Adds them to a service.</summary>
    public static WebApplicationBuilder AddVizTelemetry(this WebApplicationBuilder builder, string service)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var hasCollector = !string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService($"viz-{service}", serviceVersion: Version, serviceInstanceId: $"{Environment.MachineName}-{Environment.ProcessId}"))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Name).AddMeter("Npgsql").AddRuntimeInstrumentation().AddPrometheusExporter(options => options.ScrapeResponseCacheDurationMilliseconds = 1000);
                metrics.AddView("viz_job_duration_seconds", new ExplicitBucketHistogramConfiguration { Boundaries = JobSeconds });
                if (hasCollector)
                    metrics.AddOtlpExporter();
            });
        if (hasCollector)
            telemetry.WithTracing(traces => traces.AddSource(Name).AddSource("MassTransit").AddSource("Npgsql").AddAspNetCoreInstrumentation().AddOtlpExporter());
        builder.Services.AddHealthChecks();
        return builder;
    }
}
