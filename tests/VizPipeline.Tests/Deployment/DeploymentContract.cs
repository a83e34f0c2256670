namespace VizPipeline.Tests.Deployment;

/// <summary>The names of settings and metrics that services and deployment files share. Names are only ever added.</summary>
internal static class DeploymentContract
{
    public static readonly string[] JobKinds = [.. VizPipeline.Jobs.JobKinds.Names, "live"];

    private static readonly string[] Bus =
    [
        "RabbitMq__Host", "RabbitMq__Port", "RabbitMq__VirtualHost", "RabbitMq__User", "RabbitMq__Password",
        "RabbitMq__Tls", "RabbitMq__CaFile",
        "ObjectStore__Endpoint", "ObjectStore__Bucket", "ObjectStore__Region", "ObjectStore__AccessKey",
        "ObjectStore__SecretKey", "ObjectStore__CaFile",
        "Http__Port",
    ];

    private static readonly string[] Database =
    [
        "Postgres__Host", "Postgres__Port", "Postgres__Database", "Postgres__User", "Postgres__Password",
        "Postgres__Tls", "Postgres__CaFile",
    ];

    private static readonly string[] Web = ["Http__ApiKeys", "Http__OpenReading", "Http__BehindProxy"];

    private static readonly string[] Process = ["VIZ_SECRETS", "VIZ_LOG", "OTEL_EXPORTER_OTLP_ENDPOINT", "Startup__PatienceSeconds"];

    /// <summary>All settings that a role may have. API keys are listed as one setting, whatever their number.</summary>
    public static readonly Dictionary<string, string[]> Settings = new()
    {
        ["coordinator"] =
        [
            .. Bus, .. Database, .. Web, .. Process,
            "Coordinator__MaxFailures", "Coordinator__MaxLosses", "Coordinator__OutstandingPerKind", "Coordinator__ImageRoots",
        ],
        ["worker"] =
        [
            .. Bus, .. Process,
            "Worker__Device", "Worker__Kinds", "Worker__CacheFolder", "Worker__DiskBytes", "Worker__ShutdownSeconds",
        ],
        ["atlas"] = [.. Bus, .. Database, .. Web, .. Process],
        ["migrate"] = [.. Database, .. Process],
        ["viz"] = ["VIZ_COORDINATOR", "VIZ_API_KEY", "VIZ_CACHE"],
    };

    private static readonly string[] Servers =
    [
        "RabbitMq__Host", "RabbitMq__Port", "RabbitMq__VirtualHost", "RabbitMq__User", "RabbitMq__Password", "RabbitMq__Tls",
        "ObjectStore__Endpoint", "ObjectStore__Bucket", "ObjectStore__Region", "ObjectStore__AccessKey",
        "ObjectStore__SecretKey", "Http__Port",
    ];

    private static readonly string[] Tables =
        ["Postgres__Host", "Postgres__Port", "Postgres__Database", "Postgres__User", "Postgres__Password", "Postgres__Tls"];

    /// <summary>Settings that every deployment states, so that it does not depend on a service's defaults.</summary>
    public static readonly Dictionary<string, string[]> Required = new()
    {
        ["coordinator"] = [.. Servers, .. Tables, "Http__ApiKeys", "Http__OpenReading", "Coordinator__OutstandingPerKind"],
        ["worker"] = [.. Servers, "Worker__Device", "Worker__CacheFolder", "Worker__DiskBytes", "Worker__ShutdownSeconds"],
        ["atlas"] = [.. Servers, .. Tables, "Http__ApiKeys", "Http__OpenReading"],
        ["migrate"] = Tables,
    };

    /// <summary>The metrics, with their names in Prometheus.</summary>
    public static readonly string[] Metrics =
    [
        "viz_jobs", "viz_queue_depth", "viz_jobs_unserved", .. Histogram("viz_job_duration_seconds"), "viz_units_total",
        "viz_job_failures_total", "viz_job_retries_total",
        .. Histogram("viz_ingest_lag_seconds"), .. Histogram("viz_ingest_batch_size"), "viz_workers", "viz_worker_busy_ratio",
        "viz_worker_devices_set_aside", "viz_leader",
        "viz_atlas_progress_ratio",
    ];

    /// <summary>Metrics that a coordinator only has with a real broker.</summary>
    public static readonly string[] BrokerMetrics = ["viz_error_queue_messages_total"];

    /// <summary>Prefixes of metrics of the .NET runtime.</summary>
    public static readonly string[] MetricFamilies = ["dotnet_", "process_"];

    /// <summary>Returns the name of a setting in the contract: <c>Http__ApiKeys</c> for <c>Http__ApiKeys__0</c>.</summary>
    public static string SettingName(string variable)
        => variable.StartsWith("Http__ApiKeys__", StringComparison.Ordinal) ? "Http__ApiKeys" : variable;

    /// <summary>Fails with the names that a role must not have, or lacks.</summary>
    public static void Check(string role, IEnumerable<string> variables)
    {
        var names = variables.Select(SettingName).ToHashSet();
        Assert.Empty(names.Except(Settings[role]));
        if (Required.TryGetValue(role, out var required))
            Assert.Empty(required.Except(names));
    }

    private static string[] Histogram(string name) => [name + "_bucket", name + "_sum", name + "_count"];
}
