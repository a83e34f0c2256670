using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace VizPipeline.Hosting;

/// <summary>Looks, before a service starts, whether something that it needs is there.</summary>
public interface IStartupCheck
{
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
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(14);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Returns the faults, one line each; none when the service may start.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(IServiceProvider services, CancellationToken cancellation)
    {
        try
        {
            services.GetService<IStartupValidator>()?.Validate();
        }
        catch (Exception failure) when (failure is OptionsValidationException or AggregateException)
        {
            return [.. Settings(failure).Distinct()];
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Longest);
        var faults = await Task.WhenAll(services.GetServices<IStartupCheck>().Select(check => Run(check, limit.Token)));
        cancellation.ThrowIfCancellationRequested();
        return [.. faults.OfType<string>()];
    }

    private static async Task<string?> Run(IStartupCheck check, CancellationToken limit)
    {
        var patience = Task.Delay(Patience, limit);
        while (true)
        {
            try
            {
                await check.RunAsync(limit);
                return null;
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested)
            {
                return $"{check.GetType().Name.Replace("Check", "", StringComparison.Ordinal)} does not answer; check its address";
            }
            catch (StartupException failure) when (failure.IsTransient && !patience.IsCompleted)
            {
                await Task.WhenAny(patience, Task.Delay(Pause, CancellationToken.None));
            }
            catch (StartupException failure)
            {
                return failure.Message.ReplaceLineEndings(" ");
            }
        }
    }

    private static IEnumerable<string> Settings(Exception failure) => failure switch
    {
        OptionsValidationException options => options.Failures.Select(Text),
        AggregateException several => several.InnerExceptions.SelectMany(Settings),
        _ => [failure.Message],
    };

    // "DataAnnotation validation failed for 'X' members: 'Y' with the error: 'Z'." says Z and the rest.
    private static string Text(string fault)
    {
        const string Mark = "with the error: '";
        var start = fault.IndexOf(Mark, StringComparison.Ordinal);
        return start < 0 ? fault : fault[(start + Mark.Length)..].TrimEnd('.', '\'');
    }
}
