using System.Diagnostics;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace VizPipeline.Hosting;

/// <summary>
/// Metrics and traces of the services: Prometheus at <c>/metrics</c>, and OTLP if <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names a collector.
/// </summary>
public static class VizTelemetry
{
    /// <summary>The name of our meter and of our activity source.</summary>
    public const string Name = "VizPipeline";

    /// <summary>
    /// The traces of a job: its dispatch, its work and the ingest of its result, linked through the bus. They cost nothing without a
    /// collector.
    /// </summary>
    public static ActivitySource Traces { get; } = new(Name);

    /// <summary>The version of the software, e.g. <c>0.2.0</c>.</summary>
    public static string Version { get; } = typeof(VizTelemetry)
        .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <summary>Starts a span for a job; returns null without a listener.</summary>
    public static Activity? StartJob(string span, ActivityKind kind, string atlasId, long jobId, int attempt)
        => Traces.StartActivity(span, kind)?
        .SetTag("viz.atlas", atlasId).SetTag("viz.job", jobId).SetTag("viz.attempt", attempt);

    /// <summary>Adds metrics and traces to a service.</summary>
    public static WebApplicationBuilder AddVizTelemetry(this WebApplicationBuilder builder, string service)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var hasCollector = !string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(
                $"viz-{service}", serviceVersion: Version, serviceInstanceId: $"{Environment.MachineName}-{Environment.ProcessId}"))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Name).AddMeter("Npgsql").AddRuntimeInstrumentation()
                    .AddPrometheusExporter(options => options.ScrapeResponseCacheDurationMilliseconds = 1000);
                if (hasCollector)
                    metrics.AddOtlpExporter();
            });
        if (hasCollector)
            telemetry.WithTracing(traces => traces.AddSource(Name).AddSource("MassTransit").AddSource("Npgsql")
                .AddAspNetCoreInstrumentation().AddOtlpExporter());
        builder.Services.AddHealthChecks();
        return builder;
    }
}
