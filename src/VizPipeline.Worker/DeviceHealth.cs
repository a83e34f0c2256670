using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace VizPipeline.Worker;

/// <summary>Reports a worker without devices as unhealthy, and one with some devices out of service as degraded.</summary>
internal sealed class DeviceHealth(DeviceGate gate) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var aside = gate.Devices.Count(device => device.Fault is not null);
        return Task.FromResult(gate.Lost.IsCompleted || (aside > 0 && aside == gate.Devices.Count)
            ? HealthCheckResult.Unhealthy(gate.Text())
            : aside > 0 ? HealthCheckResult.Degraded(gate.Text()) : HealthCheckResult.Healthy(gate.Text()));
    }
}
