using VizPipeline.Cli.CommandLine;

namespace VizPipeline.Tests.Cli;

/// <summary>The result of a command line run in this process: exit code and output.</summary>
public sealed record CommandLineRun(int ExitCode, string Output, string Errors)
{
    // One at a time, because the console is shared by the whole process.
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

    /// <summary>Asserts that the run succeeded.</summary>
    public CommandLineRun Succeeded()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Errors}");
        return this;
    }

    /// <summary>Asserts that the run failed with exit code 2 and one line that contains <paramref name="words"/>.</summary>
    public void ComplainedOf(params IEnumerable<string> words)
    {
        Assert.Equal(2, ExitCode);
        var line = Assert.Single(Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.All(words, word => Assert.Contains(word, line, StringComparison.Ordinal));
        Assert.DoesNotContain("unexpected", line, StringComparison.Ordinal);
    }
}
