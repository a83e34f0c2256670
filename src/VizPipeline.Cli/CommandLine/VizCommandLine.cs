using System.CommandLine;

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
public static class VizCommandLine
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
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false };
        try
        {
            return await parsed.InvokeAsync(configuration);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("viz: stopped");
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
        return $"{parsed.Errors[0].Message.ReplaceLineEndings(" ").TrimEnd('.')}; {hint}";
    }
}
