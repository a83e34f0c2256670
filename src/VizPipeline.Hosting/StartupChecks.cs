using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace VizPipeline.Hosting;

/// <summary>Looks, before a service starts, whether something that it needs is there.</summary>
public interface IStartupCheck
{
    /// <summary>What it looks at, and in brackets the settings that say so; once the settings are checked.</summary>
    string Target { get; }

    /// <summary>Returns when it is.</summary>
    /// <exception cref="StartupException">It is not.</exception>
    Task RunAsync(CancellationToken cancellation);
}

/// <summary>A service cannot start. The message is one line that names the thing and what to do; no secrets.</summary>
public sealed class StartupException(string message, bool isTransient = false, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether it may help to wait, e.g. for a server that is just starting.</summary>
    public bool IsTransient { get; } = isTransient;
}

/// <summary>Everything that is looked at before a service starts, so that every fault is told at once.</summary>
internal static class StartupChecks
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan TellPause = TimeSpan.FromSeconds(10);

    // A check that has not ended by then hangs on a server that takes connections and says nothing.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Returns the faults, one line each; none when the service may start. What may heal is waited for and told meanwhile.
    /// </summary>
    public static async Task<IReadOnlyList<string>> RunAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var patience = TimeSpan.FromSeconds(services.GetRequiredService<IOptions<StartupOptions>>().Value.PatienceSeconds);
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("VizPipeline.Startup");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience + Grace);
        var faults = await Task.WhenAll(services.GetServices<IStartupCheck>().Select(check => Run(check, patience, logger, limit.Token)));
        cancellation.ThrowIfCancellationRequested();
        return [.. faults.OfType<string>()];
    }

    private static async Task<string?> Run(IStartupCheck check, TimeSpan patience, ILogger logger, CancellationToken limit)
    {
        var began = Stopwatch.GetTimestamp();
        var told = began;
        string? last = null;
        while (true)
        {
            try
            {
                await check.RunAsync(limit);
                return null;
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested)
            {
                return last ?? $"{check.Target} does not answer; check its settings, and firewalls between";
            }
            catch (StartupException failure) when (failure.IsTransient && Stopwatch.GetElapsedTime(began) < patience)
            {
                last = failure.Message.ReplaceLineEndings(" ");
                if (Stopwatch.GetElapsedTime(told) > TellPause)
                {
                    logger.WaitsAtStart(last, (patience - Stopwatch.GetElapsedTime(began)).TotalSeconds);
                    told = Stopwatch.GetTimestamp();
                }
                await Task.Delay(Pause, limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (StartupException failure)
            {
                return failure.Message.ReplaceLineEndings(" ");
            }
        }
    }

    /// <summary>Returns the settings' faults, one line each.</summary>
    public static List<string> SettingsFaults(IServiceProvider services)
    {
        var faults = new List<string>();
        try
        {
            services.GetService<IStartupValidator>()?.Validate();
        }
        catch (OptionsValidationException failure)
        {
            faults.AddRange(failure.Failures);
        }
        catch (AggregateException failures)
        {
            faults.AddRange(failures.InnerExceptions.OfType<OptionsValidationException>().SelectMany(failure => failure.Failures));
        }
        try
        {
            _ = services.GetService<ApiKeys>();
        }
        catch (StartupException failure)
        {
            faults.Add(failure.Message);
        }
        catch (OptionsValidationException)
        {
            // Told above.
        }
        return faults;
    }
}

/// <summary>How a service starts. Section <c>Startup</c>.</summary>
public sealed class StartupOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Startup";

    /// <summary>
    /// How long a service waits at its start for servers that do not answer yet. What waiting cannot mend, such as a wrong password, ends
    /// it at once.
    /// </summary>
    /// <value>60 s</value>
    [Range(0, 3600, ErrorMessage = "Startup:PatienceSeconds must be from 0 to 3600")]
    public double PatienceSeconds { get; set; } = 60;
}

internal static partial class StartupLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting to start: {Fault}; {Seconds:F0} s of patience are left")]
    public static partial void WaitsAtStart(this ILogger logger, string fault, double seconds);
}
