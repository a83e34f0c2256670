using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace VizPipeline.Hosting;

/// <summary>
/// What keeps a service from its work at the moment, in sentences for people: shown by its health, by <c>viz status</c> and by its log.
/// </summary>
public sealed class ServiceTroubles(TimeProvider time) : IHealthCheck
{
    // Longer than the pause between two attempts at whatever fails.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(90);
    private readonly ConcurrentDictionary<string, (string Text, long At)> last = new();

    /// <summary>The troubles of the last one and a half minutes.</summary>
    public IReadOnlyList<string> Now =>
        [.. last.Where(of => time.GetElapsedTime(of.Value.At) < Fresh).OrderBy(of => of.Key, StringComparer.Ordinal)
            .Select(of => of.Value.Text)];

    /// <summary>Something failed and will be tried again.</summary>
    /// <param name="subject">What; a later trouble of the same subject takes this one's place.</param>
    /// <param name="text">One line, without secrets.</param>
    public void Tell(string subject, string text) => last[subject] = (text, time.GetTimestamp());

    /// <summary>It works again.</summary>
    public void End(string subject) => last.TryRemove(subject, out _);

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        => Task.FromResult(
            Now is { Count: > 0 } troubles ? HealthCheckResult.Degraded(string.Join("; ", troubles)) : HealthCheckResult.Healthy());
}
