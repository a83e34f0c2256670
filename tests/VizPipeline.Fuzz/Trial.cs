using System.Diagnostics;

namespace VizPipeline.Fuzz;

/// <summary>How one input went.</summary>
/// <param name="Outcome">"loaded" and the like, or the documented exception's name.</param>
/// <param name="Failure">What must not be: another exception, a message of several lines, too much memory; null where all is well.</param>
/// <param name="Allocated">Bytes allocated on the thread.</param>
/// <param name="Elapsed">Time.</param>
public sealed record Trial(string Outcome, string? Failure, long Allocated, TimeSpan Elapsed)
{
    /// <summary>Reads one input in this process.</summary>
    /// <param name="target">The reader.</param>
    /// <param name="input">The damaged file.</param>
    /// <param name="folder">An empty folder for it; emptied again.</param>
    /// <param name="mayCrash">Whether native code may run that could end the process.</param>
    public static Trial Of(FuzzTarget target, FuzzInput input, string folder, bool mayCrash)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(input);
        var file = Path.Combine(folder, input.Name);
        File.WriteAllBytes(file, input.Bytes);
        var (outcome, failure) = ("", (string?)null);
        var whenRead = (long?)null;
        var (before, started) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
        try
        {
            outcome = target.Read(input, file, mayCrash, () => whenRead = GC.GetAllocatedBytesForCurrentThread());
        }
        catch (Exception error) when (target.IsDocumented(error))
        {
            outcome = error.GetType().Name;
            failure = error.Message.Any(char.IsControl) ? $"a message of several lines: {error.Message}" : null;
        }
        catch (Exception error)
        {
            outcome = $"! {error.GetType().Name}";
            failure = error.ToString();
        }
        var (allocated, elapsed) = ((whenRead ?? GC.GetAllocatedBytesForCurrentThread()) - before, Stopwatch.GetElapsedTime(started));
        File.Delete(file);
        if (allocated > target.AllowedBytes(input) && failure is null)
            (outcome, failure) = ("! memory",
                $"{allocated:N0} bytes allocated for a file of {input.Bytes.Length:N0}, which ended as {outcome}");
        return new(outcome, failure, allocated, elapsed);
    }
}
