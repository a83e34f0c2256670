using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace VizPipeline.Coordinator;

/// <summary>
/// Whether every kind of job that waits has a worker. Where not, the coordinator is degraded, not dead: it is ready all the same, and
/// starting it again would help nobody. Only the leader knows.
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
