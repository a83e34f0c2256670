using System.CommandLine;

namespace VizPipeline.Cli.CommandLine;

/// <summary>Exit codes of every command. A promise to scripts.</summary>
public static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Completed with failures, which were listed.</summary>
    public const int Failures = 1;

    /// <summary>Usage or input error: one line on standard error names the thing and the remedy.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by Ctrl-C or SIGTERM; the same command goes on.</summary>
    public const int Stopped = 130;
}

/// <summary>Something that the user gave is wrong. The message is one line that names it and says what to do.</summary>
public sealed class UsageException(string message) : Exception(message);

/// <summary>Parses and runs, and turns every failure into one line and an exit code.</summary>
public static class VizCommandLine
{
    /// <summary>Runs <paramref name="root"/> with <paramref name="args"/>.</summary>
    public static async Task<int> Run(RootCommand root, string[] args)
    {
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(args);
        var parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
        if (parsed.Errors.Count > 0)
            return Fail(Explain(parsed));
        // Exceptions come here instead of to the library's handler, which prints stack traces.
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
            return Fail(OneLine(failure));
        }
    }

    /// <summary>A failure as one line: the messages of our own exceptions say what to do, others are named by their kind.</summary>
    public static string OneLine(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        var cause = failure is AggregateException { InnerExceptions: [var single] } ? single : failure;
        var message = cause.Message.ReplaceLineEndings(" ").Trim();
        return cause switch
        {
            _ when cause.GetType().Namespace?.StartsWith("VizPipeline", StringComparison.Ordinal) == true => message,
            OutOfMemoryException => "not enough memory: try a smaller --batch",
            IOException or UnauthorizedAccessException => message,
            _ => $"unexpected {cause.GetType().Name}: {message} (run again with VIZ_TRACE=1 for the details, and report it)",
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
        var hint = parsed.CommandResult.Command is RootCommand ? "`viz --help` lists the commands" : $"`viz {command} --help` lists the options";
        return $"{parsed.Errors[0].Message.ReplaceLineEndings(" ").TrimEnd('.')}; {hint}";
    }
}
