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
        StoreCommand.Create(),
        NotesCommand.Create(),
        StatusCommand.Create(),
        SubmitCommand.Create(),
        ClusterCommands.Cancel(),
        ClusterCommands.Retry(),
        ClusterCommands.Workers(),
        AnnotateCommand.Create(),
        ExportCommand.Create(),
        CiteCommand.Create(),
        CardCommand.Create(),
        DictionaryCommand.Create(),
        VerifyCommand.Create(),
        PackCommand.Create(),
        UnpackCommand.Create(),
        TransferCommands.Push(),
        TransferCommands.Pull(),
        RenameCommand.Create(),
        PruneCommand.Create(),
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
