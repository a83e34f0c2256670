using Microsoft.Extensions.Diagnostics.HealthChecks;
using VizPipeline.Jobs;

namespace VizPipeline.Worker;

/// <summary>
/// Reports the worker as healthy while its reports reach the broker. A worker that cannot publish cannot answer either, and would only take
/// jobs from others.
/// </summary>
internal sealed class ReportHealth(TimeProvider time) : IHealthCheck
{
    // Long enough for several reports.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly long _started = time.GetTimestamp();
    private long _last;

    /// <summary>Records that the broker confirmed a report.</summary>
    public void Reported() => Volatile.Write(ref _last, time.GetTimestamp());

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var at = Volatile.Read(ref _last);
        if (at != 0 && time.GetElapsedTime(at) < Patience)
            return Task.FromResult(HealthCheckResult.Healthy());
        if (at == 0 && time.GetElapsedTime(_started) < Patience)
            return Task.FromResult(HealthCheckResult.Unhealthy("it has not reported to a coordinator yet"));
        var silence = time.GetElapsedTime(at != 0 ? at : _started);
        return Task.FromResult(HealthCheckResult.Unhealthy(
            $"its reports have not reached {QueueNames.Answers} for {silence.TotalSeconds:F0} s; check the broker, "
            + $"and whether this account may write to {QueueNames.ExchangeOf(QueueNames.Answers)} (docs/cluster.md)"));
    }
}
