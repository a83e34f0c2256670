using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace VizPipeline.Hosting;

/// <summary>Makes sure, before a service starts, that something it needs is there: checks it, declares it or migrates it.</summary>
public interface IStartupStep
{
    /// <summary>
    /// What the step is about, with the settings that name it in parentheses. Read only after the settings are validated.
    /// </summary>
    string Target { get; }

    /// <summary>Takes the step. It may be repeated, and other processes may take it at the same time.</summary>
    /// <exception cref="StartupException">The service cannot start.</exception>
    Task RunAsync(CancellationToken cancellation);
}

/// <summary>A service cannot start. The message is one line that names the cause and the remedy, without secrets.</summary>
public sealed class StartupException(string message, bool isTransient = false, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether waiting may help, e.g. for a server that is still starting.</summary>
    public bool IsTransient { get; } = isTransient;
}

/// <summary>Takes all steps before a service starts, so that all faults are reported at once.</summary>
internal static class StartupSteps
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan TellPause = TimeSpan.FromSeconds(10);

    // A step that has not ended by then hangs on a server that accepts connections and does not answer.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Returns the faults, one line each; none if the service may start. Transient faults are retried and reported while waiting.
    /// </summary>
    public static async Task<IReadOnlyList<string>> RunAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var patience = TimeSpan.FromSeconds(services.GetRequiredService<IOptions<StartupOptions>>().Value.PatienceSeconds);
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("VizPipeline.Startup");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience + Grace);
        var faults = await Task.WhenAll(
            services.GetServices<IStartupStep>().Select(step => TakeAsync(step, patience, logger, limit.Token)));
        cancellation.ThrowIfCancellationRequested();
        return [.. faults.OfType<string>()];
    }

    private static async Task<string?> TakeAsync(IStartupStep step, TimeSpan patience, ILogger logger, CancellationToken limit)
    {
        var began = Stopwatch.GetTimestamp();
        var told = began;
        string? last = null;
        while (true)
        {
            try
            {
                await step.RunAsync(limit);
                return null;
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested)
            {
                return last ?? $"{step.Target} does not answer; check its settings, and firewalls between";
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

    /// <summary>Returns the faults in the settings, one line each.</summary>
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
            // Reported above.
        }
        return faults;
    }
}

/// <summary>Settings of a service's startup. Section <c>Startup</c>.</summary>
public sealed class StartupOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Startup";

    /// <summary>
    /// How long a starting service waits for servers that do not answer yet. Faults that waiting cannot fix, such as a wrong password, end
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
