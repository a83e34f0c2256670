using System.CommandLine;

namespace VizPipeline.Cli.Commands;

internal static class RunCommand
{
    public static Command Create() => new("run", "Build an atlas");
}
