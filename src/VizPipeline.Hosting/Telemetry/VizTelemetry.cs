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

    /// <summary>Our traces: a job's dispatch, its work and its ingest, joined by the bus. Nobody pays for them without a collector.</summary>
    public static ActivitySource Traces { get; } = new(Name);

    /// <summary>The software's version, e.g. <c>0.2.0</c>.</summary>
    public static string Version { get; } = typeof(VizTelemetry).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <summary>Begins a span about one job; null where nobody listens.</summary>
    public static Activity? StartJob(string span, ActivityKind kind, string atlasId, long jobId, int attempt) => Traces.StartActivity(span, kind)?
        .SetTag("viz.atlas", atlasId).SetTag("viz.job", jobId).SetTag("viz.attempt", attempt);

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
                if (hasCollector)
                    metrics.AddOtlpExporter();
            });
        if (hasCollector)
            telemetry.WithTracing(traces => traces.AddSource(Name).AddSource("MassTransit").AddSource("Npgsql").AddAspNetCoreInstrumentation().AddOtlpExporter());
        builder.Services.AddHealthChecks();
        return builder;
    }
}
