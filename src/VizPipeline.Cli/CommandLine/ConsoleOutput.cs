using Spectre.Console;

namespace VizPipeline.Cli.CommandLine;

/// <summary>Where tables and progress are written.</summary>
public static class ConsoleOutput
{
    /// <summary>Standard output; when it is no terminal, wide enough that no table is folded and scripts can read it.</summary>
    public static IAnsiConsole Wide()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = 400;
        return console;
    }
}
