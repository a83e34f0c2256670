using VizPipeline.Cli.CommandLine;

namespace VizPipeline.Tests.Cli;

/// <summary>One run of a command line in this process: what it said and how it ended.</summary>
public sealed record CommandLineRun(int ExitCode, string Output, string Errors)
{
    // The console belongs to the process.
    private static readonly SemaphoreSlim Console = new(1);

    public static async Task<CommandLineRun> RunAsync(params string[] arguments)
    {
        await Console.WaitAsync(TestContext.Current.CancellationToken);
        var (output, errors) = (System.Console.Out, System.Console.Error);
        try
        {
            using var captured = new StringWriter();
            using var complaints = new StringWriter();
            System.Console.SetOut(captured);
            System.Console.SetError(complaints);
            var code = await VizCommandLine.RunAsync(VizCommands.CreateRoot(), arguments);
            return new CommandLineRun(code, captured.ToString(), complaints.ToString());
        }
        finally
        {
            System.Console.SetOut(output);
            System.Console.SetError(errors);
            Console.Release();
        }
    }

    /// <summary>The run must succeed; the message of a failure is what it said.</summary>
    public CommandLineRun Succeeded()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Errors}");
        return this;
    }

    /// <summary>The run must complain in one line that contains <paramref name="words"/>, with exit code 2.</summary>
    public void ComplainedOf(params IEnumerable<string> words)
    {
        Assert.Equal(2, ExitCode);
        var line = Assert.Single(Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.All(words, word => Assert.Contains(word, line, StringComparison.Ordinal));
        Assert.DoesNotContain("unexpected", line, StringComparison.Ordinal);
    }
}
