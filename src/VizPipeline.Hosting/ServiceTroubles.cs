using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace VizPipeline.Hosting;

/// <summary>
/// Current problems of a service, in sentences for users. They appear in its health report, in <c>viz status</c> and in its log.
/// </summary>
public sealed class ServiceTroubles(TimeProvider time) : IHealthCheck
{
    // Longer than the pause between two attempts of a failing operation.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(90);
    private readonly ConcurrentDictionary<string, (string Text, long At)> _last = new();

    /// <summary>The problems of the last 90 seconds.</summary>
    public IReadOnlyList<string> Now =>
        [.. _last.Where(of => time.GetElapsedTime(of.Value.At) < Fresh).OrderBy(of => of.Key, StringComparer.Ordinal)
            .Select(of => of.Value.Text)];

    /// <summary>Records that an operation failed and will be retried.</summary>
    /// <param name="subject">The operation; a later problem with the same subject replaces this one.</param>
    /// <param name="text">One line, without secrets.</param>
    public void Tell(string subject, string text) => _last[subject] = (text, time.GetTimestamp());

    /// <summary>Records that the operation succeeds again.</summary>
    public void End(string subject) => _last.TryRemove(subject, out _);

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        => Task.FromResult(
            Now is { Count: > 0 } troubles ? HealthCheckResult.Degraded(string.Join("; ", troubles)) : HealthCheckResult.Healthy());
}
