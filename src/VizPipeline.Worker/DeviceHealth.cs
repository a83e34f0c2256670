using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace VizPipeline.Worker;

/// <summary>A worker without a device is not healthy; one that has set some aside is not quite.</summary>
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
