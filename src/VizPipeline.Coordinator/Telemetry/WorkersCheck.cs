using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace VizPipeline.Coordinator;

/// <summary>
/// Checks that every waiting kind of job has a worker. If not, the coordinator is degraded but still ready, because a restart would not
/// help. Only the leader knows.
/// </summary>
internal sealed class WorkersCheck(CatalogGauges gauges) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var unserved = gauges.Unserved;
        return Task.FromResult(unserved.Count == 0
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded(string.Join("; ", unserved.Select(jobs => jobs.Explain()))));
    }
}
