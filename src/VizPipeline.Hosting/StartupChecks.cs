using Microsoft.Extensions.DependencyInjection;
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
    // A supervisor starts all servers together and restarts whoever ends: waiting longer would only hide the line.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Returns the faults, one line each; none when the service may start.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(IServiceProvider services, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Longest);
        var faults = await Task.WhenAll(services.GetServices<IStartupCheck>().Select(check => Run(check, limit.Token)));
        cancellation.ThrowIfCancellationRequested();
        return [.. faults.OfType<string>()];
    }

    private static async Task<string?> Run(IStartupCheck check, CancellationToken limit)
    {
        var patience = Task.Delay(Patience, limit);
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
                // Who answered before, and said why not, says more than a silence now.
                return last ?? $"{check.Target} does not answer; check its settings, and firewalls between";
            }
            catch (StartupException failure) when (failure.IsTransient && !patience.IsCompleted)
            {
                last = failure.Message.ReplaceLineEndings(" ");
                await Task.WhenAny(patience, Task.Delay(Pause, CancellationToken.None));
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
