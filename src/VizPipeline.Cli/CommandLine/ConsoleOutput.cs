using Spectre.Console;

namespace VizPipeline.Cli.CommandLine;

/// <summary>The console for tables and progress.</summary>
public static class ConsoleOutput
{
    /// <summary>
    /// Returns a console for standard output. If it is redirected, it is wide enough that tables do not wrap and scripts can parse
    /// them.
    /// </summary>
    public static IAnsiConsole Wide()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = 400;
        return console;
    }
}
