using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Doctor;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz doctor</c>: checks whether this machine can build atlases, and says what to do if it cannot.</summary>
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
        // Prints each line at once, because a library that fails to load may end the process.
        foreach (var line in MachineChecks.Run().Concat(LibraryChecks.Run()).Concat(FolderChecks.Run()))
        {
            Console.WriteLine(line);
            health = line.Health > health ? line.Health : health;
        }
        return health == Health.Fail ? ExitCode.Failures : ExitCode.Done;
    }
}
