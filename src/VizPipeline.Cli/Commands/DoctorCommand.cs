using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Doctor;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz doctor</c>: whether this machine can make atlases, and what to do where it cannot.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var command = new Command("doctor", "Check this machine: libraries, device, memory, folders");
        command.SetAction(_ => Run());
        return command;
    }

    private static int Run()
    {
        var health = Health.Ok;
        // Line by line, as a library that cannot be loaded may end the process.
        foreach (var line in MachineChecks.Run().Concat(LibraryChecks.Run()).Concat(FolderChecks.Run()))
        {
            Console.WriteLine(line);
            health = line.Health > health ? line.Health : health;
        }
        return health == Health.Fail ? ExitCode.Failures : ExitCode.Done;
    }
}
