using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text.RegularExpressions;
using VizPipeline.Coordinator;

namespace VizPipeline.Cli.CommandLine;

/// <summary>The exit codes of all commands. Scripts rely on them.</summary>
public static class ExitCode
{
    /// <summary>Completed successfully.</summary>
    public const int Done = 0;

    /// <summary>Completed with failures, which were printed.</summary>
    public const int Failures = 1;

    /// <summary>Usage or input error: one line on standard error names the problem and what to do.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by Ctrl-C or SIGTERM; the same command resumes.</summary>
    public const int Stopped = 130;
}

/// <summary>The user's input is invalid. The message is one line that names the input and says what to do.</summary>
public sealed class UsageException(string message) : Exception(message);

/// <summary>Parses and runs command lines, and turns every failure into one line and an exit code.</summary>
public static partial class VizCommandLine
{
    /// <summary>Runs <paramref name="root"/> with <paramref name="args"/> and returns the exit code.</summary>
    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(args);
        var parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
        if (parsed.Errors.Count > 0)
            return Fail(Explain(parsed));
        // Exceptions are handled here, because the library's handler prints stack traces.
        // The library's own reaction to Ctrl-C ends the process in the middle of a job, and a second one kills it.
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        // Commands that do not wait for anything end with the process.
        using var interruption = parsed.Action is AsynchronousCommandLineAction ? new Interruption() : null;
        try
        {
            return await parsed.InvokeAsync(configuration, interruption?.Stop ?? CancellationToken.None);
        }
        catch (OperationCanceledException)
        {
            const string stopped = "viz: stopped";
            if (interruption is null)
                await Console.Error.WriteLineAsync(stopped);
            else
                interruption.Tell(stopped);
            return ExitCode.Stopped;
        }
        catch (Exception failure) when (Environment.GetEnvironmentVariable("VIZ_TRACE") is null)
        {
            return Fail(Describe(failure));
        }
    }

    /// <summary>Describes a failure in one line. The messages of our own exceptions say what to do; of others the type is named.</summary>
    public static string Describe(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        var cause = failure is AggregateException { InnerExceptions: [var single] } ? single : failure;
        var message = cause.Message.ReplaceLineEndings(" ").Trim();
        return cause switch
        {
            _ when cause.GetType().Namespace?.StartsWith("VizPipeline", StringComparison.Ordinal) == true => message,
            _ when FullDisk.Explains(failure) =>
                "a disk is full: free some space, then run the same command again to go on; nothing is lost",
            OutOfMemoryException => "not enough memory: try a smaller --batch",
            IOException or UnauthorizedAccessException => message,
            _ => $"unexpected {cause.GetType().Name}: {message} (run again with VIZ_TRACE=1 for details, and report it)",
        };
    }

    private static int Fail(string line)
    {
        Console.Error.WriteLine($"viz: {line}");
        return ExitCode.Usage;
    }

    private static string Explain(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command.Name;
        var hint = parsed.CommandResult.Command is RootCommand
            ? "`viz --help` lists the commands" : $"`viz {command} --help` lists the options";
        var message = parsed.Errors[0].Message.ReplaceLineEndings(" ").TrimEnd('.');
        // The library names the .NET type.
        if (WrongType().Match(message) is { Success: true } wrong)
        {
            message = $"{wrong.Groups[2].Value} '{wrong.Groups[1].Value}' is not "
                + (wrong.Groups[3].Value.Contains("Int", StringComparison.Ordinal) ? "a whole number, or too large" : "a number");
        }
        return $"{message}; {hint}";
    }

    [GeneratedRegex(@"\ACannot parse argument '(.*)' for (?:option|command) '(.+)' as expected type '(.+)'\z", RegexOptions.Singleline)]
    private static partial Regex WrongType();
}
