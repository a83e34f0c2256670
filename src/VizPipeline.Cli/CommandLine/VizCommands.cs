using System.CommandLine;
using VizPipeline.Cli.Commands;

namespace VizPipeline.Cli.CommandLine;

/// <summary>The commands of <c>viz</c>.</summary>
public static class VizCommands
{
    /// <summary>Creates a new root command, so that a process can run several command lines.</summary>
    public static RootCommand CreateRoot() => new("VizPipeline builds neuron atlases of convolutional networks.")
    {
        DemoCommand.Create(),
        RunCommand.Create(),
        SampleCommand.Create(),
        ServeCommand.Create(),
        QueryCommand.Create(),
        StatusCommand.Create(),
        SubmitCommand.Create(),
        ClusterCommands.Cancel(),
        ClusterCommands.Retry(),
        ClusterCommands.Workers(),
        ExportCommand.Create(),
        VerifyCommand.Create(),
        DoctorCommand.Create(),
        ModelsCommand.Create(),
        LayersCommand.Create(),
        ActivationsCommand.Create(),
        MapsCommand.Create(),
        DeconvCommand.Create(),
        AscendCommand.Create(),
        RecipesCommand.Create(),
        FiltersCommand.Create(),
    };
}
